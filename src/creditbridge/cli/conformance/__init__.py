"""What the OpenID Foundation's conformance suite needs around a gateway, and is told about it."""
