"""django-q2's queue: messages come at once, each to one taker, and come back when they were not answered."""

import threading
from datetime import timedelta

import pytest
from django.db import OperationalError, connections, transaction
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ

from tasks.doorbell.broker import LARGEST_BYTES, Broker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def broker():
    made = Broker("utask")
    yield made
    made._listen().close()


def test_a_message_is_taken_once_and_gone_when_it_is_acknowledged(broker):
    pk = broker.enqueue("payload")
    assert broker.queue_size() == 1
    assert broker.dequeue() == [(pk, "payload")]
    assert (broker.queue_size(), broker.lock_size()) == (0, 1)
    broker.acknowledge(pk)
    assert not OrmQ.objects.exists()


def test_messages_come_in_the_order_they_were_sent(broker):
    for number in range(3):
        broker.enqueue(str(number))
    assert [broker.dequeue()[0][1] for _ in range(3)] == ["0", "1", "2"]


def test_a_message_that_was_not_answered_comes_again(broker):
    pk = broker.enqueue("payload")
    broker.dequeue()
    OrmQ.objects.update(lock=timezone.now() - timedelta(seconds=1))
    assert broker.dequeue() == [(pk, "payload")]
    locked_for = OrmQ.objects.get().lock - timezone.now()
    assert abs(locked_for.total_seconds() - Conf.RETRY) < 60


def test_a_message_of_another_queue_is_left_alone(broker):
    Broker("other").enqueue("payload")
    assert broker.dequeue() is None


def test_who_waits_is_woken_by_a_message_that_is_committed(broker):
    broker._listen().wait(10)
    taken = []

    def wait():
        while not taken:
            taken.extend(broker.dequeue() or [])
        connections.close_all()

    waiter = threading.Thread(target=wait)
    waiter.start()
    with transaction.atomic():
        Broker("utask").enqueue("payload")
    waiter.join(30)
    assert [payload for _, payload in taken] == ["payload"]


def test_many_takers_never_get_one_message_twice():
    for number in range(40):
        Broker("utask").enqueue(str(number))
    taken = []

    def take():
        broker = Broker("utask")
        while messages := broker._take():
            taken.extend(messages)
        connections.close_all()

    takers = [threading.Thread(target=take) for _ in range(6)]
    for taker in takers:
        taker.start()
    for taker in takers:
        taker.join()
    # On PostgreSQL a taker may find all that is left locked by others and stop early.
    while messages := Broker("utask")._take():
        taken.extend(messages)
    assert sorted(int(payload) for _, payload in taken) == list(range(40))


def test_nothing_is_taken_while_a_message_still_waits_for_a_worker(broker):
    broker.enqueue("payload")
    broker.backlog = lambda: True
    assert broker.dequeue() is None
    broker.backlog = lambda: False
    assert broker.dequeue() is not None


def test_a_message_too_large_to_travel_is_refused_where_it_is_sent(broker):
    with pytest.raises(ValueError, match="too large"):
        broker.enqueue("x" * (LARGEST_BYTES + 1))


def test_a_database_that_is_away_is_waited_for(broker, monkeypatch):
    def away():
        raise OperationalError

    monkeypatch.setattr(broker, "_take", away)
    assert broker.dequeue() is None
    monkeypatch.undo()
    broker.enqueue("payload")
    assert broker.dequeue() is not None
