"""What an auditor cosigns is what others take for a cosignature."""

from pathlib import Path

from crypto.cosignature import Cosigner
from crypto.note import SigningKey, parse_note
from crypto.policy import parse_policy
from intake.audit.cosign import cosign, cosigner
from intake.audit.standing import standing
from intake.triage.fetching.witnessed import Witnessed
from team_at_work import at_work


def test_a_policy_that_names_the_auditor_is_met_by_their_cosignature_for_a_week(tmp_path: Path) -> None:
    team = at_work(tmp_path, days=30)
    log, carla = team.mirror(), SigningKey.generate("carla")
    named: Cosigner = cosigner(carla).cosigner
    policy = parse_policy(
        team.policy.read_bytes().replace(b"quorum none\n", f"witness carla {named}\nquorum carla\n".encode())
    )
    assert not standing(Witnessed.by(policy, 7, parse_note(log.note)), team.log.now).is_met
    signed = cosign(log, carla, int(team.log.now.timestamp()))
    policy.require(parse_note(signed))
    assert log.policy.log.open(signed) == log.checkpoint
    witnessed = Witnessed.by(policy, 7, parse_note(signed))
    stands = standing(witnessed, team.log.now)
    assert stands.is_met
    assert stands.says == "The policy is met: 1 of 1 witnesses cosigned it in the last 7 days (carla)."
    late = standing(witnessed, team.log.now.replace(year=2027))
    assert not late.is_met
    assert late.mark == "bad"
