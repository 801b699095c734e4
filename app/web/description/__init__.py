"""The description of all routes (OpenAPI), made from the routes themselves."""
