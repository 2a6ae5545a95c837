"""What an enterprise is told, in the portal and by mail."""
