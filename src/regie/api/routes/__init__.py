"""One file per resource. Each route declares the role it needs; all of them use GuardedRoute."""

API = "/api/v1"
