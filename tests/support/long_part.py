"""The pages of the form's long part."""

from intake.source.forms.pages import by_group, by_question

GROUPS = [f"/tip/more/{page.group.key}" for page in by_group()]
QUESTIONS = [f"/tip/more/{page.group.key}/{page.question}" for page in by_question()]

OF_EACH_SORT = [
    "/tip/more/consents/consent_un",
    "/tip/more/contact/contact_by",
    "/tip/more/family/family_methods",
    "/tip/more/acts/acts",
]
"""A question that is answered already, one with others that follow up on it, one that is hard to read, an entry."""
