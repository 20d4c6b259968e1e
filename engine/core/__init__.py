"""The pure heart: documents, expressions, tokens and the transition function. No SQL, Redis, web, clock or randomness."""
