"""Correlation with lxml: values are found by where they stand in the page. (Debian: python3-lxml)

A visitor picks one of the threads that the forum lists, whichever these are today.
"""
import random

from locust import HttpLocust, TaskSet, task
from lxml import etree


class Reading(TaskSet):
    @task(3)
    def read_a_thread(self):
        forum = etree.HTML(self.client.get("/forum/").content)
        threads = forum.xpath("//ul/li/a/@href")
        self.client.get(random.choice(threads), name="/threads/[id]")

    @task(1)
    def order(self):
        form = etree.HTML(self.client.get("/order").content)
        token = form.xpath('string(//input[@name="token"]/@value)')
        self.client.post("/order", {"item": "7", "token": token})


class Reader(HttpLocust):
    task_set = Reading
    min_wait = 100
    max_wait = 300
