from uuid import uuid4

from automation.runner.action_id import action_id


def test_the_same_action_has_the_same_id_and_no_other_has_it() -> None:
    one, other = uuid4(), uuid4()
    assert action_id(one, 1) == action_id(one, 1)
    assert len({action_id(one, 1), action_id(one, 11), action_id(other, 1), one, other}) == 5
