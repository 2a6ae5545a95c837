"""What one token costs: client_credentials over mutual TLS, beside node-oidc-provider."""
