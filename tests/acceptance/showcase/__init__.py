"""A service with something of everything, and the list of all pages that people see: for pictures and for axe."""
