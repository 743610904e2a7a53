"""The scanner guard: what is refused at the edge, before anybody is asked who they are."""
