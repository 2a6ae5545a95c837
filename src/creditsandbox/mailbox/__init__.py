"""A mailbox that takes every mail, and can be looked into."""
