from importlib.resources import files

import pytest

from errorbudget.objective.document import RiskClass
from errorbudget.objective.reading import read
from errorbudget.policy.risk import classify
from errorbudget.shop import plot
from errorbudget.shop.generation import QUARTER, START
from errorbudget.shop.truth import ALLOWANCE


@pytest.mark.parametrize("service", plot.SERVICES)
def test_the_document_of_each_service_passes_the_strict_reader(service: str) -> None:
    packaged = files("errorbudget.shop").joinpath("objectives", f"{service}.yaml")

    document = read(packaged.read_text(encoding="utf-8"), file=f"{service}.yaml")

    assert document.services == (service,)
    assert float(document.objectives["availability"].target.allowance) == ALLOWANCE[service]


@pytest.mark.parametrize("service", plot.SERVICES)
def test_the_rules_of_each_document_give_every_deploy_the_risk_it_is_told_with(
    service: str,
) -> None:
    packaged = files("errorbudget.shop").joinpath("objectives", f"{service}.yaml")
    document = read(packaged.read_text(encoding="utf-8"), file=f"{service}.yaml")
    deploys = [
        deploy
        for deploy in plot.deploys(START, QUARTER)
        if deploy.change.service == service and deploy.risk is not RiskClass.ROLLBACK
    ]

    found = {d.change.id: classify(d.diff, document.risk, None).risk_class for d in deploys}

    assert found == {deploy.change.id: deploy.risk for deploy in deploys}
