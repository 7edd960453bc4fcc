"""The compiled topics of a config: `load` makes them, `match` and `explain` ask them. Pure but for `load`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from functools import partial
from pathlib import Path
from types import MappingProxyType

from feeds.config import Source, Topic
from feeds.errors import ConfigError
from feeds.model import Article, Evidence, TopicMatch
from feeds.topics import gazetteer
from feeds.topics.contributions import contributions
from feeds.topics.definition import SHIPPED, Definition, definition, digest, plain_concept, shipped
from feeds.topics.doubts import ELSEWHERE, GIVEN_NAME_START, Family
from feeds.topics.folding import clean, fold
from feeds.topics.gazetteer import Concept
from feeds.topics.mentions import Mention, Rejected, mentions
from feeds.topics.passages import Page, is_digest, page
from feeds.topics.scanning import Hit, Scanner, shipped_scanner
from feeds.topics.scoring import NOTHING, Rule, Score, score
from feeds.topics.verdict import THRESHOLD, Found, SetAside, Verdict

_AROUND = 45  # characters each side of a term, for people
_EVIDENCE_MOST = 12
_SIDE_NAMES_MOST = 4
# A source that writes on nothing else needs less evidence; the prior never decides alone.
_PRIOR_MOST = 0.45


class Topics:
    """The definitions, compiled. *names* are the configured topics, *digests* the hash of each definition."""

    def __init__(self, definitions: Mapping[str, Definition], names: tuple[str, ...]) -> None:
        self.names = names
        self._definitions = _in_order(definitions)
        digests: dict[str, str] = {}
        for name, found in self._definitions.items():
            digests[name] = digest(found, digests)
        self.digests: Mapping[str, str] = MappingProxyType({name: digests[name] for name in names})
        own = _own_concepts(self._definitions.values())
        self._concepts = {**gazetteer.shipped(), **own}
        self._family = _family(self._concepts)
        self._scanners = (shipped_scanner(), Scanner(own)) if own else (shipped_scanner(),)
        self._rules = {name: _rule(found, self._family) for name, found in self._definitions.items()}
        self._wanted = frozenset().union(*(rule.concepts for rule in self._rules.values()))

    def match(self, article: Article, source: Source | None = None) -> dict[str, TopicMatch]:
        """The topics that *article* is in, each with its score and evidence, strongest first."""
        read = page(article)
        hits = self._hits(read)
        possible = self._possible(hits)
        if not possible and (source is None or not source.topics):
            return {}
        found, _ = mentions(read, hits, self._family, self._wanted, _countries(source))
        matches: dict[str, TopicMatch] = {}
        for name, (result, prior) in self._scores(read, found, article, source, possible).items():
            if _is_match(result, prior, source, name):
                value = max(result.value + _prior_weight(prior), THRESHOLD)
                matches[name] = TopicMatch(round(value, 2), self._evidence(result, prior, read, source))
        return matches

    def explain(self, article: Article, source: Source | None = None) -> dict[str, Verdict]:
        """Every topic, with what speaks for and against it."""
        read = page(article)
        found, rejected = mentions(read, self._hits(read), self._family, self._wanted, _countries(source))
        scores = self._scores(read, found, article, source, self._rules.keys())
        return {
            name: self._verdict(name, read, found, rejected, source, *scores[name])
            if name in scores
            else Verdict(False, 0.0, missing=self._not_asked(name, article, source))
            for name in self.names
        }

    def _hits(self, read: Page) -> list[Hit]:
        return [hit for scanner in self._scanners for hit in scanner.hits(read)]

    def _possible(self, hits: Iterable[Hit]) -> set[str]:
        """The topics that have all their sides among *hits*: for most articles there are none."""
        present = {hit.sense.concept for hit in hits}
        return {name for name, rule in self._rules.items() if rule.is_possible(present)}

    def _scores(
        self, read: Page, found: list[Mention], article: Article, source: Source | None, possible: Set[str]
    ) -> dict[str, tuple[Score, float]]:
        """The score and the prior of every topic that may take the article; ingredients come before what uses them.

        Of topics that are not *possible* the score is 0.
        """
        is_in: set[str] = set()
        scores: dict[str, tuple[Score, float]] = {}
        has_digest_title = partial(is_digest, read)
        for name, rule in self._rules.items():
            met = [not parts.isdisjoint(is_in) for parts in rule.topics]
            result = score(rule, found, has_digest_title, met) if name in possible else NOTHING
            prior = _prior(source, name)
            if _is_match(result, prior, source, name):
                is_in.add(name)
            if name in self.names and not self._not_asked(name, article, source):
                scores[name] = (result, prior)
        return scores

    def _not_asked(self, name: str, article: Article, source: Source | None) -> str:
        """Why the topic does not take the article at all; empty where it may."""
        wanted = self._definitions[name]
        language = (article.language or "").partition("-")[0].lower()
        if wanted.languages and language not in wanted.languages:
            return f"the topic takes {', '.join(wanted.languages)} only"
        if wanted.sources and (source is None or source.name not in wanted.sources):
            return "the topic does not take this source"
        return ""

    def _verdict(
        self,
        name: str,
        read: Page,
        found: list[Mention],
        rejected: list[Rejected],
        source: Source | None,
        result: Score,
        prior: float,
    ) -> Verdict:
        rule = self._rules[name]
        matched = _is_match(result, prior, source, name)
        weighed, rest = contributions(rule, result, found)
        evidence = [
            Found(self._one(each.mention, each.weight, read), _around(read, each.mention))
            for each in sorted(weighed, key=lambda each: -each.weight)
        ]
        evidence += [Found(Evidence("rule", words, "rule", weight, words)) for words, weight in rest]
        value = round(result.value + _prior_weight(prior), 2)
        if prior:
            evidence.append(Found(_prior_evidence(prior, source)))
        if _is_always(source, name) and value < THRESHOLD:
            always = "everything of this source is in the topic"
            evidence.append(Found(Evidence("rule", always, "rule", round(THRESHOLD - value, 2), always)))
            value = THRESHOLD
        aside = tuple(
            SetAside(read.text[r.start : r.end], r.passage.where, _around(read, r), r.reason)
            for r in rejected
            if r.concept in rule.concepts
        )
        missing = self._absent(name, result.absent) or result.missing or (rest[-1][0] if rest else "a higher score")
        return Verdict(matched, value, THRESHOLD, tuple(evidence), aside, "" if matched else missing)

    def _absent(self, name: str, absent: tuple[int, ...]) -> str:
        """The sides that nothing is named of, in words; empty where it is none, or all."""
        sides = self._definitions[name].sides
        if not absent or len(absent) == len(sides):
            return ""
        return "; ".join(
            f"nothing of {self._side_name(name, sides[index])} is named (side {index + 1} of {len(sides)})"
            for index in absent
        )

    def _side_name(self, name: str, references: tuple[str, ...]) -> str:
        """What a side is called: "Russia", or "Wagner Group, Africa Corps or gold"."""
        names = list(dict.fromkeys(self._reference_name(name, reference) for reference in references))
        if len(names) > _SIDE_NAMES_MOST:
            names[_SIDE_NAMES_MOST - 1 :] = [f"{len(names) - _SIDE_NAMES_MOST + 1} others"]
        return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))

    def _reference_name(self, name: str, reference: str) -> str:
        if reference.startswith("topic:"):
            return f"the topic {reference.removeprefix('topic:')}"
        key = reference.removeprefix("@")
        concept = self._concepts.get(f"{name}/{key}") or self._concepts[key]
        return concept.labels.get("en") or concept.name.rstrip("*")

    def _evidence(self, result: Score, prior: float, read: Page, source: Source | None) -> tuple[Evidence, ...]:
        """The strongest mention of each concept."""
        best: dict[str, Evidence] = {}
        for weighed in sorted(result.weighed, key=lambda weighed: -weighed.weight):
            if weighed.mention.concept not in best:
                best[weighed.mention.concept] = self._one(weighed.mention, weighed.weight, read)
        found = tuple(best.values())[:_EVIDENCE_MOST]
        return (*found, _prior_evidence(prior, source)) if prior else found

    def _one(self, mention: Mention, weight: float, read: Page) -> Evidence:
        concept = self._concepts[mention.concept]
        return Evidence(
            concept=concept.id,
            term=mention.term,
            where=mention.passage.where,
            weight=weight,
            label=_label(concept, read.language, mention.term),
            language=read.language if mention.language == gazetteer.ANY_LANGUAGE else mention.language,
            country=self._family.countries.get(mention.concept),
        )


def _countries(source: Source | None) -> Set[str]:
    return frozenset(source.countries) if source else frozenset()


def _label(concept: Concept, language: str | None, found: str) -> str:
    """What *concept* is called in *language*; where that is a pattern, the word that was *found*."""
    label = concept.labels.get(language or "en") or concept.name
    return found if label.endswith("*") else label


def load(topics: Mapping[str, Topic], directory: Path) -> Topics:
    """The topics of a config; *directory* is what the paths of definition files rest on. Raises ConfigError."""
    found = {name: definition(name, topic, directory) for name, topic in topics.items()}
    waiting = [part for one in found.values() for part in one.ingredients]
    for name in waiting:
        if name not in found and name in SHIPPED:
            found[name] = shipped(name)
        elif name not in found:
            raise ConfigError(f'[topics]: there is no topic "{name}" to use as topic:{name}')
    return Topics(found, tuple(topics))


def _in_order(definitions: Mapping[str, Definition]) -> dict[str, Definition]:
    """*definitions* with ingredients before what uses them. Raises ConfigError on a circle."""
    ordered: dict[str, Definition] = {}

    def take(name: str, users: tuple[str, ...]) -> None:
        if name in users:
            raise ConfigError(f"[topics.{name}]: uses itself, by way of {' and '.join(users)}")
        if name not in ordered:
            for part in definitions[name].ingredients:
                take(part, (*users, name))
            ordered[name] = definitions[name]

    for name in definitions:
        take(name, ())
    return ordered


def _own_concepts(definitions: Iterable[Definition]) -> dict[str, Concept]:
    """What definitions bring beside the gazetteer: their own concepts by "topic/id", their plain words by the words."""
    concepts: dict[str, Concept] = {}
    for found in definitions:
        for concept in found.own.values():
            concepts[f"{found.name}/{concept.id}"] = concept
        for term in found.references():
            if not term.startswith(("@", "topic:")):
                concepts[f"{found.name}/{term}"] = plain_concept(term)
    return concepts


def _family(concepts: Mapping[str, Concept]) -> Family:
    ancestors: dict[str, frozenset[str]] = {}

    def above(key: str) -> frozenset[str]:
        if key not in ancestors:
            ancestors[key] = frozenset((key,))  # ends a circle of parents
            parents = [parent for parent in concepts[key].parents if parent in concepts]
            ancestors[key] = frozenset((key,)).union(*(above(parent) for parent in parents))
        return ancestors[key]

    def nearest_country(key: str) -> str | None:
        found = concepts[key].country
        return found or next(filter(None, (nearest_country(p) for p in concepts[key].parents if p in concepts)), None)

    for key in concepts:
        above(key)
    return Family(
        ancestors=ancestors,
        countries={key: country for key in concepts if (country := nearest_country(key))},
        elsewhere=frozenset(key for key in concepts if ELSEWHERE in ancestors[key] or nearest_country(key)),
        beside=frozenset(key for key, concept in concepts.items() if concept.beside),
        people={key: _given_names(concept) for key, concept in concepts.items() if concept.person},
        lands=frozenset(key for key, concept in concepts.items() if concept.country),
        doubtful=frozenset(key for key, one in concepts.items() if one.person or one.unsure_with or one.unsure_in),
        bare_names={
            key: frozenset(fold(clean(name)) for name in (concept.name, *concept.labels.values()))
            for key, concept in concepts.items()
            if concept.unsure_with or concept.unsure_in
        },
        unsure_with={key: concept.unsure_with for key, concept in concepts.items() if concept.unsure_with},
        unsure_in={key: frozenset(concept.unsure_in) for key, concept in concepts.items() if concept.unsure_in},
        sure_with={key: frozenset(concept.sure_with) for key, concept in concepts.items() if concept.sure_with},
        only_with={key: concept.only_with for key, concept in concepts.items() if concept.only_with},
        only_without={key: concept.only_without for key, concept in concepts.items() if concept.only_without},
        names={key: concept.name for key, concept in concepts.items()},
    )


def _given_names(concept: Concept) -> frozenset[str]:
    """How the given names of a person begin, folded: all words of the names but the last."""
    names = (concept.name, *concept.labels.values(), *(term.text for term in concept.terms))
    return frozenset(word[:GIVEN_NAME_START] for name in names for word in fold(clean(name)).split()[:-1])


def _rule(found: Definition, family: Family) -> Rule:
    def resolved(terms: Iterable[str]) -> frozenset[str]:
        keys: set[str] = set()
        for term in terms:
            if term.startswith("@"):
                name = term[1:] if term[1:] not in found.own else f"{found.name}/{term[1:]}"
                keys.update(key for key, above in family.ancestors.items() if name in above)
            elif not term.startswith("topic:"):
                keys.add(f"{found.name}/{term}")
        return frozenset(keys)

    sides, enough = tuple(resolved(side) for side in found.sides), resolved(found.enough)
    concepts = frozenset().union(*sides, enough)
    topics = tuple(
        frozenset(term.removeprefix("topic:") for term in side if term.startswith("topic:")) for side in found.sides
    )
    return Rule(
        sides=sides,
        concepts=concepts,
        enough=enough,
        context=resolved(found.context),
        without=resolved(found.none_of),
        near=found.near,
        topics=topics,
        rivals=family.elsewhere - concepts,
    )


def _prior(source: Source | None, name: str) -> float:
    """The share of the source's articles that are on the topic, 1 for "always", 0 where nothing is said."""
    if source is None or not source.topics:
        return 0.0
    given = source.topics if isinstance(source.topics, str) else source.topics.get(name, 0.0)
    return 1.0 if isinstance(given, str) else float(given)


def _prior_weight(prior: float) -> float:
    return round(_PRIOR_MOST * prior, 2)


def _is_always(source: Source | None, name: str) -> bool:
    if source is None:
        return False
    return source.topics == "always" or (isinstance(source.topics, dict) and source.topics.get(name) == "always")


def _is_match(result: Score, prior: float, source: Source | None, name: str) -> bool:
    if _is_always(source, name):
        return True
    return result.value > 0 and result.excluded_by is None and result.value + _prior_weight(prior) >= THRESHOLD - 1e-9


def _prior_evidence(prior: float, source: Source | None) -> Evidence:
    name = source.name if source else ""
    return Evidence(concept="source", term=name, where="prior", weight=_prior_weight(prior), label=name)


def _around(read: Page, found: Mention | Rejected) -> str:
    """The words around a term, itself between « and »."""
    low, high = max(found.passage.start, found.start - _AROUND), min(found.passage.end, found.end + _AROUND)
    before = ("…" if low > found.passage.start else "") + read.text[low : found.start]
    after = read.text[found.end : high] + ("…" if high < found.passage.end else "")
    return f"{before}«{read.text[found.start : found.end]}»{after}"
