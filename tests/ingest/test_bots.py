"""Which user agents are bots."""

import pytest

from errorbudget.ingest.bots import is_bot


@pytest.mark.parametrize(
    "user_agent",
    [
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2)",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "ELB-HealthChecker/2.0",
        "some-new-crawler/0.1",
    ],
)
def test_crawlers_monitors_and_probes_are_bots(user_agent):
    assert is_bot(user_agent)


@pytest.mark.parametrize(
    "user_agent",
    [
        "",
        "-",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
        "Mozilla/5.0 (Linux; Android 13; CUBOT P80) AppleWebKit/537.36 Chrome/137.0.0.0 Mobile",
        "okhttp/4.12.0",
        "python-requests/2.32.4",
        "Go-http-client/2.0",
    ],
)
def test_people_and_the_libraries_of_api_clients_are_not(user_agent):
    assert not is_bot(user_agent)
