"""What becomes of consents when the person on whose word they rest may speak no longer."""
