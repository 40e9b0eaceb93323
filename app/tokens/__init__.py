"""JSON Web Tokens: sign, verify, and read keys; the only room that imports `jwt`."""
