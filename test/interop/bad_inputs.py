"""Bad input that the documentation promises a message for, and that message."""
BAD_INPUTS = {}
