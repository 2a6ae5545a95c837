"""Natural persons' own consents: separate from every enterprise's, for one bank and one purpose."""
