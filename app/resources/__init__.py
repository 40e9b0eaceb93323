"""HTTP: routes, middleware, and what is answered."""
