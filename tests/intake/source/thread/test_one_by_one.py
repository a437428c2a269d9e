"""One question a page: another way through the long part of the form, which tells reviewers just the same."""

import re
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.age import parse_identity, unseal
from crypto.codename import parse
from intake.protocol.kinds import Kind
from intake.report.definition import Field, Group, load_form
from intake.report.documents import read
from intake.report.payloads import Addition, Summary
from intake.report.signed import SourceItem
from intake.report.told import Account
from intake.source.forms.pages import by_group, by_question, pieces
from intake.storage.tables import Tip
from source_site import Site, Visit

pytestmark = pytest.mark.slow

GROUPS = load_form().later_groups
ONE_BY_ONE = [f"/en/tip/more/{page.group.key}/{page.question}" for page in by_question()]
FIRST, LAST = ONE_BY_ONE[0], ONE_BY_ONE[-1]


def additions(site: Site, tip: Tip | None = None) -> list[Addition]:
    """What was added to the form of a tip, in its order, as a reviewer's program opens it."""
    tip = tip or site.tips()[0]
    summary = read(unseal(tip.summary, [site.reviewers[0]]))
    assert isinstance(summary, Summary)
    items = [
        read(unseal(item.sealed or b"", [parse_identity(summary.identities[0])]))
        for item in site.items(Kind.ADDITION)
        if item.tip_id == tip.id
    ]
    signed = sorted((item for item in items if isinstance(item, SourceItem)), key=lambda item: item.link.number)
    return [item.payload for item in signed if isinstance(item.payload, Addition)]


def account(site: Site, tip: Tip | None = None) -> Account:
    """What reviewers read of it."""
    told = Account()
    for addition in additions(site, tip):
        told.take(addition.form, addition.answers)
    return told


def way_on(visit: Visit, words: str) -> str:
    """Where the way with these words leads to."""
    (address,) = re.findall(f'href="([^"]*)">{words}</a>', visit.text)
    return str(address)


def test_from_the_tips_page_each_question_is_reached_once_by_whoever_skips_or_saves_nothing(unlimited: Site) -> None:
    visit = unlimited.visit()
    visit.report()
    for go_on in ("skip", "save"):
        visit.open("/en/tip")
        visit.open(way_on(visit, "One question at a time"))
        seen = []
        while visit.path != "/en/tip":
            seen.append(visit.path)
            assert f"Question {len(seen)} of {len(ONE_BY_ONE)}" in visit.page.words
            if go_on == "save":
                visit.send(visit.path)
            else:
                visit.open(way_on(visit, "Skip this question"))
        assert seen == ONE_BY_ONE
    assert unlimited.items(Kind.ADDITION) == []


def test_each_answer_is_saved_by_itself_and_says_nothing_of_the_other_questions(site: Site, visit: Visit) -> None:
    visit.report()
    visit.open("/en/tip/more/contact")
    visit.send("/more/contact", needs=["legal"], interpreter="any", contact_not="At night")
    visit.open("/en/tip/more/contact/interpreter")
    visit.send("/contact/interpreter", interpreter="not_community")
    assert visit.path == "/en/tip/more/contact/contact_by"
    assert "Saved." in visit.page.words
    assert additions(site)[-1].answers == {"interpreter": "not_community"}
    once = {key: told.value for key, told in account(site).once.items()}
    assert once == {"needs": ("legal",), "interpreter": "not_community", "contact_not": "At night"}
    visit.open("/en/tip")
    assert visit.text.count("<em>saved</em>") == 1


def test_a_consent_is_left_as_it_was_unless_something_is_chosen(site: Site, visit: Visit) -> None:
    visit.report()
    visit.open("/en/tip/more/consents/consent_un")
    assert visit.page.filled["consent_un"] == ["unanswered"]
    visit.send("/consents/consent_un", consent_un="yes")
    visit.open("/en/tip/more/consents/consent_un")
    assert visit.page.filled["consent_un"] == ["unanswered"]
    visit.send("/consents/consent_un", consent_un="unanswered")
    assert "Saved." not in visit.page.words
    assert [addition.answers for addition in additions(site)] == [{"consent_un": "yes"}]


def test_an_entry_is_one_page_and_another_one_saves_it_and_begins_anew(site: Site, visit: Visit) -> None:
    visit.report()
    visit.open("/en/tip/more/people/people")
    for letter, relation in (("A", "parent"), ("B", "sibling")):
        typed = {"people-0-pseudonym": letter, "people-0-relation": relation}
        visit.send("/people/people", **typed, **({"another": "1"} if letter == "A" else {}))
        assert "Saved." in visit.page.words
        assert (visit.path == "/en/tip/more/people/people") == (letter == "A")
        assert visit.page.filled.get("people-0-pseudonym") in ([""], None), "what was saved stands on no page"
    people = [told.value for told in account(site).entries["people"]]
    assert [(person["pseudonym"], person["relation"], person["age"]) for person in people] == [
        ("A", "parent", "unanswered"),
        ("B", "sibling", "unanswered"),
    ]


def test_another_one_that_follows_an_empty_one_stores_nothing(site: Site, visit: Visit) -> None:
    visit.report()
    visit.open("/en/tip/more/people/people")
    visit.send("/people/people", another="1")
    assert visit.path == "/en/tip/more/people/people"
    assert additions(site) == []


def test_an_entry_with_a_wrong_answer_stays_as_it_was_written(site: Site, visit: Visit) -> None:
    visit.report()
    visit.open("/en/tip/more/places/places")
    typed = {"places-0-name": "x" * 501, "places-0-address": "In the old town"}
    assert visit.send("/places/places", **typed, another="1").status_code == 400
    assert visit.page.filled["places-0-address"] == ["In the old town"]
    assert additions(site) == []


def test_what_is_hard_to_read_can_be_skipped_before_it_is_read(visit: Visit) -> None:
    visit.report()
    hard = [f"/en/tip/more/{page.group.key}/{page.question}" for page in by_question() if page.offers_skipping_first]
    assert hard == ["/en/tip/more/family/family_methods", "/en/tip/more/target/target_methods"]
    for path in ONE_BY_ONE:
        visit.open(path)
        before, _, after = visit.text.partition('class="question"')
        assert (">Skip this question</a>" in before) == (path in hard)
        assert (">Skip this question</a>" in after) == (path not in hard)


def test_the_rest_of_a_part_can_be_skipped_where_there_is_any(visit: Visit) -> None:
    visit.report()
    visit.open("/en/tip/more/contact/needs")
    assert way_on(visit, "Skip the rest of this part") == "/en/tip/more/reporter/reporter_role"
    visit.open("/en/tip/more/contact/contact_by")
    assert "Skip the rest of this part" not in visit.page.words


def test_each_way_leads_to_the_other_one_and_back_to_the_tips_page(visit: Visit) -> None:
    visit.report()
    visit.open("/en/tip/more/reporter/for_someone_else")
    visit.open(way_on(visit, "A whole part at a time"))
    assert visit.path == "/en/tip/more/reporter"
    visit.open(way_on(visit, "One question at a time"))
    assert visit.path == "/en/tip/more/reporter/reporter_role"
    visit.open(way_on(visit, "Back to your page"))
    assert visit.path == "/en/tip"


def test_within_a_visit_somebody_can_go_on_where_they_were(visit: Visit) -> None:
    codename = visit.report()
    visit.open("/en/tip")
    assert "Go on where you were" not in visit.page.words
    visit.open("/en/tip/more/return/return_type")
    visit.open("/en/tip/more/acts")
    visit.open("/en/tip")
    assert way_on(visit, "Go on where you were") == "/en/tip/more/return/return_type"
    assert way_on(visit, "One question at a time") == FIRST, "and can begin again"
    visit.open(LAST)
    visit.send(LAST)
    assert visit.path == "/en/tip"
    assert "Go on where you were" not in visit.page.words, "all of it was asked"
    visit.open("/en/tip/more/return/return_type")
    visit.open("/en/return")
    visit.send("/return", codename=codename)
    assert "Go on where you were" not in visit.page.words, "whoever comes with the words learns nothing of it"


def test_when_the_visit_has_ended_the_question_asks_for_the_words_and_then_goes_on(site: Site, visit: Visit) -> None:
    codename = visit.report()
    visit.open("/en/tip/more/target_place/region")
    visit.client.delete_cookie("session")
    assert visit.send("/target_place/region", region="In the north").status_code == 400
    assert visit.page.filled["region"] == ["In the north"]
    visit.send("/target_place/region", region="In the north", codename=codename)
    assert visit.path == "/en/tip/more/target_place/immigration"
    assert [addition.answers for addition in additions(site)] == [{"region": "In the north"}]


def test_without_a_visit_there_is_no_question_but_the_way_to_come_back(visit: Visit) -> None:
    visit.open(FIRST)
    assert visit.path == "/en/return"


def test_the_same_form_sent_twice_arrives_once(site: Site, visit: Visit) -> None:
    visit.report()
    visit.open("/en/tip/more/acts/acts")
    form = visit.page.form("/acts/acts")
    for _ in range(2):
        visit.post(form.action, {**form.hidden, "acts-0-when": "In spring"})
        assert visit.path == "/en/tip/more/places/places"
    assert len(additions(site)) == 1


def test_eight_words_in_an_answer_are_asked_about_first(site: Site, visit: Visit) -> None:
    codename = visit.report()
    assert parse(codename)
    visit.open("/en/tip/more/reported/reported_to")
    assert visit.send("/reported/reported_to", reported_outcome=codename).status_code == 400
    assert additions(site) == []
    visit.send("/reported/reported_to", reported_outcome=codename, as_is="yes")
    assert len(additions(site)) == 1


TEXTS = st.sampled_from(["", " ", "In spring", "1402/05/03", "去年", "في الربيع"])


def answers_to(field: Field) -> st.SearchStrategy[list[str]]:
    """What a browser may send for a question: as many values as were chosen, a text in any case."""
    if field.is_text:
        return TEXTS.map(lambda text: [text])
    if field.kind == "several":
        apart = [key for key in field.choices if key not in field.alone]
        alone = st.sampled_from(sorted(field.alone)).map(lambda key: [key])
        return alone | st.lists(st.sampled_from(apart), unique=True, max_size=3)
    return st.sampled_from([[], *([key] for key in field.choices)])


def answers_to_group(group: Group) -> st.SearchStrategy[tuple[Group, dict[str, list[str]], list[dict[str, list[str]]]]]:
    """A group, with answers to what it asks once, and up to three entries."""
    once = st.fixed_dictionaries({field.key: answers_to(field) for field in group.fields})
    fields = group.entries.fields if group.entries else ()
    entry = st.fixed_dictionaries({field.key: answers_to(field) for field in fields})
    return st.tuples(st.just(group), once, st.lists(entry, min_size=bool(fields), max_size=3 if fields else 0))


def numbered(key: str, entries: list[dict[str, list[str]]]) -> Iterator[tuple[str, list[str]]]:
    for number, entry in enumerate(entries):
        yield from ((f"{key}-{number}-{name}", values) for name, values in entry.items())


def send(visit: Visit, path: str, values: Mapping[str, list[str]]) -> None:
    visit.open(path)
    form = visit.page.form(path)
    assert visit.client.post(form.action, data={**form.hidden, **values}).status_code == 303


def test_answering_one_by_one_tells_reviewers_the_same_as_answering_the_groups_at_once(unlimited: Site) -> None:
    @settings(max_examples=12, deadline=None)
    @given(st.lists(st.sampled_from(GROUPS).flatmap(answers_to_group), min_size=1, max_size=4))
    def tell(told: list[tuple[Group, dict[str, list[str]], list[dict[str, list[str]]]]]) -> None:
        at_once, one_by_one = unlimited.visit(), unlimited.visit()
        tips = []
        for visit in (at_once, one_by_one):
            before = {tip.id for tip in unlimited.tips()}
            visit.report()
            tips += [tip for tip in unlimited.tips() if tip.id not in before]
        for group, once, entries in told:
            name = group.entries.key if group.entries else ""
            send(at_once, f"/en/tip/more/{group.key}", {**once, **dict(numbered(name, entries))})
            for question, piece in pieces(group).items():
                path = f"/en/tip/more/{group.key}/{question}"
                if piece.entries is None:
                    send(one_by_one, path, {field.key: once[field.key] for field in piece.fields})
                for entry in entries if piece.entries else []:
                    send(one_by_one, path, dict(numbered(name, [entry])))
        assert account(unlimited, tips[0]) == account(unlimited, tips[1])

    tell()


def test_there_is_no_page_of_a_question_that_a_group_does_not_ask(visit: Visit) -> None:
    visit.report()
    for path in ("consents/narrative", "contact/contact_channel", "now/narrative", "acts/when"):
        visit.open(f"/en/tip/more/{path}")
        assert "There is no such page." in visit.page.words


def test_the_groups_and_the_questions_are_offered_side_by_side(visit: Visit) -> None:
    visit.report()
    visit.open("/en/tip")
    assert list(dict.fromkeys(link for link in visit.page.links if "/more/" in link)) == [
        FIRST,
        *(f"/en/tip/more/{page.group.key}" for page in by_group()),
    ]
