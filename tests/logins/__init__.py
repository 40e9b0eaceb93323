"""Each login, by a payload as its product sends it: the files in tests/data/logins."""
