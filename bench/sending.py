"""Senders of OTLP: spans of the present, at a pace, each batch sent until it is acknowledged."""

import random
import threading
import time
from dataclasses import dataclass

import httpx2
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bench.otlp import SPANS, payload

STATUS = "http.response.status_code"


@dataclass
class Sent:
    """What was acknowledged."""

    valid: int = 0
    bad: int = 0
    refused: int = 0
    """Answers of 429 and 503; the batch was sent again."""
    lost: int = 0
    """Connections that broke before an answer; the batch was sent again."""


class Senders:
    """Threads that share a pace; `failing` says whether requests fail now."""

    def __init__(self, url: str, rate: float, senders: int = 2) -> None:
        self.url = url
        self.failing = False
        self._every = SPANS / rate * senders if rate else 0.0
        self._stopping = threading.Event()
        self._sent = [Sent() for _ in range(senders)]
        self._threads = [
            threading.Thread(target=self._run, args=(number, sent))
            for number, sent in enumerate(self._sent)
        ]

    @property
    def sent(self) -> Sent:
        """What all of them had acknowledged."""
        return Sent(
            valid=sum(one.valid for one in self._sent),
            bad=sum(one.bad for one in self._sent),
            refused=sum(one.refused for one in self._sent),
            lost=sum(one.lost for one in self._sent),
        )

    @property
    def stopped(self) -> bool:
        """Whether they were told to end."""
        return self._stopping.is_set()

    def start(self) -> None:
        """Begin to send."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> Sent:
        """End when what is under way is acknowledged."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        return self.sent

    def _run(self, number: int, sent: Sent) -> None:
        chance = random.Random(number)
        message = ExportTraceServiceRequest.FromString(payload(number))
        due = time.monotonic()
        with httpx2.Client(timeout=60, trust_env=False) as client:
            while not self._stopping.is_set():
                bad = _renew(message, chance, failing=self.failing)
                self._deliver(client, message.SerializeToString(), sent)
                sent.valid += SPANS
                sent.bad += bad
                due = max(due + self._every, time.monotonic() - 1)
                self._stopping.wait(max(due - time.monotonic(), 0))

    def _deliver(self, client: httpx2.Client, body: bytes, sent: Sent) -> None:
        headers = {"Content-Type": "application/x-protobuf"}
        while True:
            try:
                answer = client.post(f"{self.url}/v1/traces", content=body, headers=headers)
            except httpx2.TransportError:
                sent.lost += 1
                time.sleep(0.1)
                continue
            if answer.status_code == 200:
                return
            if answer.status_code not in (429, 503):
                raise RuntimeError(f"{answer.status_code}: {answer.text}")
            sent.refused += 1
            time.sleep(min(float(answer.headers["Retry-After"]), 5))


def _renew(message: ExportTraceServiceRequest, chance: random.Random, *, failing: bool) -> int:
    """Make the batch one of this moment; how many of its requests are bad."""
    now, bad = time.time_ns(), 0
    for span in message.resource_spans[0].scope_spans[0].spans:
        span.trace_id, span.span_id = chance.randbytes(16), chance.randbytes(8)
        span.start_time_unix_nano, span.end_time_unix_nano = now - 10**7, now
        is_bad = failing or chance.random() < 0.001
        bad += is_bad
        status = next(one for one in span.attributes if one.key == STATUS)
        status.value.int_value = 500 if is_bad else 200
    return bad
