"""A package, so that the one instance of the API tests ends with them."""
