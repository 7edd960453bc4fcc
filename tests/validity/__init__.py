"""Is a document valid? RELAX NG for Atom, a JSON Feed schema, and the W3C Feed Validator's rules as checks of our own."""
