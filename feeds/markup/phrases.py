"""What pages say around their articles, in each of the gazetteer's languages, as patterns in lower case. Called by lines."""

from __future__ import annotations

# What stands before an author's name; with a colon or without.
BY = {
    "en": ("by", "(?:written|posted|reported|published|story|words) by", "authors?"),
    "fr": ("par", "(?:écrit|rédigé|publié|propos recueillis) par", "auteure?s?", "texte"),
    "ru": ("автор(?:ы|ка)?", "автор (?:статьи|материала|текста)", "текст"),
    "ar": ("بقلم", "كتبت?", "كتب(?:ه|ها)", "الكاتبة?", "إعداد", "تقرير", "تحرير"),
    "pt": ("por", "(?:escrito|publicado|texto|reportagem) (?:por|de)", "autora?", "texto"),
    "es": ("por", "(?:escrito|publicado|redactado) por", "autora?", "texto"),
    "de": ("von", "(?:ein )?(?:beitrag|bericht|gastbeitrag|text) von", "autor(?:in)?", "verfasser(?:in)?", "text"),
    "ha": ("daga", "rubutawar?", "wallafawar?", "marubuci(?:ya)?"),
}

# Names of sections, as they stand alone above a headline.
SECTIONS = {
    "en": "news|latest news|breaking news|top stories|world|africa|politics|business|economy|sports?|opinion|analysis|culture"
    "|health|security|technology|tech|society|features?|headlines|national|local|international|home|editorial|interview",
    "fr": "actualités?|actus?|à la une|monde|afrique|politique|économie|société|sécurité|santé|analyse|tribune|accueil",
    "ru": "новости?|главн(?:ое|ая)|мир|в мире|африка|политика|экономика|общество|культура|спорт|безопасность|мнени[ея]"
    "|аналитика",
    "ar": "(?:ال)?[أا]خبار|آخر الأخبار|العالم|[أإ]فريقيا|سياسة|اقتصاد|مجتمع|ثقافة|رياضة|أمن|رأي|آراء|تحليل|تقارير|الرئيسية",
    "pt": "(?:últimas )?notícias|mundo|áfrica|política|economia|sociedade|cultura|desporto|esportes?|segurança|saúde|opinião"
    "|análise|atualidade|actualidade|início",
    "es": "(?:últimas )?noticias|mundo|áfrica|política|economía|sociedad|cultura|deportes|seguridad|salud|opinión|análisis"
    "|actualidad|portada|inicio",
    "de": "nachrichten|aktuelles?|welt|afrika|politik|wirtschaft|gesellschaft|kultur|sicherheit|gesundheit|meinung|startseite",
    "ha": "labarai|labaran duniya|duniya|afirka|siyasa|tattalin arziki|wasanni|lafiya|tsaro|ra['’]ayi|al['’]adu",
}

# What asks for comments. More words may follow: "Leave a Reply" and "Leave a reply to Awa".
INVITATIONS = {
    "en": (
        "leave (?:a|us a|your) (?:reply|comment|response)s?",
        "(?:post|add|write|submit|drop) (?:a|your) comment",
        "be the first to (?:comment|reply)",
        "join the (?:conversation|discussion)",
        "(?:you must be |please )?log(?:ged)? ?in to (?:post |leave )?(?:a )?(?:comment|reply)",
        "share your (?:thoughts|opinion|views) in the comments?",
        "comments are (?:closed|off)",
    ),
    "fr": (
        "laisse[rz]? (?:nous )?(?:un|une|votre) (?:commentaire|réponse)",
        "(?:post|ajout|publi|dépos|envoy)(?:er|ez) (?:un|votre) commentaire",
        "(?:écrire|écrivez|rédiger) (?:un|votre) commentaire",
        "soyez l[ea] premi(?:er|ère) (?:personne )?à (?:commenter|réagir)",
        "(?:vous devez|veuillez) (?:être connectée?|vous connecter|vous identifier) pour (?:publier|poster|laisser|écrire)",
        "rejoignez la (?:conversation|discussion)",
        "(?:les )?commentaires (?:sont )?fermés",
    ),
    "ru": (
        "(?:остав|добав|напи|отправ)(?:ить|ьте|сать|шите) (?:свой |ваш )?(?:комментарий|ответ|отзыв)",
        "будьте первым,? кто",
        "(?:для отправки|чтобы оставить) комментари",
        "присоедин(?:яйтесь|иться) к (?:обсуждению|дискуссии)",
        "комментарии (?:закрыты|отключены)",
    ),
    "ar": (
        "(?:[أا]ترك|[أا]كتب|[أا]ضف|إضافة|ضع|شاركنا?) (?:لنا )?(?:ب?تعليق|رد|ب?رأي)",
        "كن أول من (?:يعلق|يكتب|يترك)",
        "يجب (?:أنت |عليك )?تسجيل الدخول",
        "انضم إلى (?:المحادثة|النقاش)",
        "التعليقات مغلقة",
    ),
    "pt": (
        "deix[ea]r? (?:um|o seu|seu|uma|a sua|sua) (?:comentário|resposta)",
        "(?:escrev[ae]r?|adicion[ae]r?|publi(?:car|que)|faça|envi(?:ar|e)) (?:um|o seu) comentário",
        "seja o primeiro a comentar",
        "(?:você precisa|tem de|é necessário) (?:fazer|iniciar) (?:o |a |a sua )?(?:login|sessão)",
        "participe d[ao] (?:conversa|discussão|debate)",
        "comentários (?:estão )?(?:encerrados|fechados)",
    ),
    "es": (
        "dej[ae]r? (?:un|tu|su|una) (?:comentario|respuesta)",
        "(?:escrib[aei]r?|añad[aei]r?|agreg(?:a|ue|ar)|publi(?:ca|que|car)|envi(?:a|e|ar)) (?:un|tu|su) comentario",
        "s(?:é|ea) el primero en comentar",
        "debes? (?:estar conectado|iniciar sesión|acceder)",
        "únete a la (?:conversación|discusión)",
        "(?:los )?comentarios (?:están )?cerrados",
    ),
    "de": (
        "(?:schreib|hinterlass|verfass)(?:e|t|en sie)? (?:uns )?(?:einen|ihren|deinen|eine) (?:kommentar|antwort)",
        "(?:einen )?(?:kommentar|antwort) (?:schreiben|hinterlassen|verfassen|abgeben)",
        "sei(?:en sie)? der erste",
        "(?:du musst|sie müssen) (?:angemeldet|eingeloggt) sein",
        "(?:diskutieren sie|diskutiere) mit",
        "(?:die )?kommentare sind geschlossen",
    ),
    "ha": (
        "(?:ku |ka |ki )?(?:bar|rubuta|aika|bayyana) (?:da )?(?:amsa|sharhi|ra['’ʼ]?ayi|tsokaci)",
        "(?:ka|ku) zama na farko",
    ),
}

# What a form for comments says below its heading.
NOTICES = {
    "en": (
        "e-?mail (?:address )?will not be (?:published|shared)",
        "required fields are marked",
        "save my name, e-?mail",
        "notify me of (?:follow-?up|new)",
        "uses akismet",
        "how your comment data",
    ),
    "fr": (
        "(?:e-?mail|courriel|messagerie|électronique) ne sera pas publié",
        "champs obligatoires sont",
        "enregistrer mon nom",
        "utilise akismet",
    ),
    "ru": (
        "(?:e-?mail|почты?)[^.]{0,30} не будет опубликован",
        "обязательные поля (?:помечены|отмечены)",
        "сохранить мо[её] имя",
    ),
    "ar": ("لن (?:يتم نشر|ينشر) (?:عنوان )?بريدك", "الحقول (?:الإلزامية|المطلوبة)", "احفظ اسمي"),
    "pt": (
        "e-?mail não será (?:publicado|divulgado)",
        "campos obrigatórios (?:são |estão )?(?:marcados|assinalados)",
        "salvar meus dados",
        "guardar o meu nome",
    ),
    "es": (
        "(?:correo electrónico|e-?mail|correo) no será publicad",
        "campos (?:obligatorios|requeridos|necesarios) están",
        "guardar? mi nombre",
    ),
    "de": (
        "e-?mail-?adresse wird nicht veröffentlicht",
        "erforderliche felder sind",
        "namen?, (?:meine )?e-?mail[^.]{0,60} speichern",
    ),
    "ha": ("ba za a (?:wallafa|buga|bayyana|nuna)[^.]{0,20} adires", "filayen da ake bu[kƙ]ata", "ajiye suna"),
}

# The heading of the comments, with or without their number.
COMMENTS = "comments?|commentaires?|комментари[ийяев]*|(?:ال)?تعليق(?:ات)?|comentários?|comentarios?|kommentare?|sharhi"

# How long it takes to read.
READING_TIMES = (
    r"\d{1,3}[\s-]?min(?:ute)?s?\.?(?: ?read| de lecture| de leitura| de lectura| lesezeit)?"
    r"|(?:время чтения:? )?\d{1,3} мин\w*\.?(?: чтения)?|\d{1,3} (?:دقائق|دقيقة)(?: قراءة)?"
)
