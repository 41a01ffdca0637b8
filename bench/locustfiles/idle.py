"""Users that wait: what one costs while it does nothing."""
import logging

from locust import HttpUser, constant, events, task


class Visitor(HttpUser):
    host = "http://127.0.0.1:9"
    wait_time = constant(1000)

    @task
    def nothing(self):
        pass


@events.spawning_complete.add_listener
def tell(user_count, **_):
    logging.info("All users are waiting: %d", user_count)
