"""What a reviewer should look at twice before a reply leaves. Nothing here forbids anything.

What is looked for is data: the members' names, what reports name, and words in the languages of the form.
"""

from intake.triage.caution.draft import Caution, cautions

__all__ = ["Caution", "cautions"]
