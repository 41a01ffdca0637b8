/* SPDX-License-Identifier: MIT */
#include "support/unit.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"
#include "loop/fiber.h"
#include "loop/loop.h"

#define START ACR_NANOS_PER_SECOND

static struct acr_clock_fake fake;
static struct acr_loop *loop;

static char order[64]; /* one letter per thing that happened */

static void note(char letter)
{
    size_t length = strlen(order);
    assert_true(length + 1 < sizeof order);
    order[length] = letter;
}

static int setup(void **state)
{
    (void)state;
    memset(order, 0, sizeof order);
    acr_clock_fake_init(&fake, START, 0);
    return acr_loop_open(&fake.clock, &loop, NULL);
}

static int teardown(void **state)
{
    (void)state;
    acr_loop_close(loop);
    return 0;
}

static void turn(void)
{
    assert_int_equal(acr_loop_turn(loop, 0), 0);
}

static bool readable(int fd, int timeout_ms)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    return poll(&poll_fd, 1, timeout_ms) == 1;
}

/* One end of a connection, and what the loop said about it. */
struct end {
    struct acr_source source;
    int calls;
    uint32_t events;
    struct end *removes;
};

static void on_end(struct acr_source *source, uint32_t events)
{
    struct end *end = ACR_CONTAINER_OF(source, struct end, source);
    end->calls++;
    end->events = events;
    note('s');
    if (end->removes != NULL)
        acr_source_remove(&end->removes->source);
}

/* A pair of which `fds[0]` is watched by `end` and has had its first event. */
static void open_pair(int fds[2], struct end *end)
{
    *end = (struct end){0};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    assert_int_equal(acr_source_add(&end->source, loop, fds[0], on_end), 0);
    turn();
    assert_int_equal(end->calls, 1);
    assert_int_equal(end->events, EPOLLOUT);
    end->calls = 0;
    memset(order, 0, sizeof order);
}

static void close_pair(int fds[2], struct end *end)
{
    acr_source_remove(&end->source);
    close(fds[0]);
    close(fds[1]);
}

static void test_a_source_is_called_once_per_change(void **state)
{
    (void)state;
    int fds[2];
    struct end end;
    open_pair(fds, &end);
    turn();
    assert_int_equal(end.calls, 0);
    assert_int_equal(write(fds[1], "x", 1), 1);
    turn();
    turn();
    assert_int_equal(end.calls, 1);
    assert_true(end.events & EPOLLIN);
    assert_int_equal(write(fds[1], "y", 1), 1);
    turn();
    assert_int_equal(end.calls, 2);
    close_pair(fds, &end);
}

static void test_a_hang_up_with_data_is_told_together(void **state)
{
    (void)state;
    int fds[2];
    struct end end;
    open_pair(fds, &end);
    assert_int_equal(write(fds[1], "x", 1), 1);
    close(fds[1]);
    turn();
    assert_int_equal(end.calls, 1);
    assert_true((end.events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) == (EPOLLIN | EPOLLRDHUP | EPOLLHUP));
    fds[1] = -1;
    close_pair(fds, &end);
}

static void test_a_source_removed_by_another_of_its_batch_is_not_called(void **state)
{
    (void)state;
    int first[2], second[2];
    struct end one, two;
    open_pair(first, &one);
    open_pair(second, &two);
    one.removes = &two;
    two.removes = &one;
    assert_int_equal(write(first[1], "x", 1), 1);
    assert_int_equal(write(second[1], "x", 1), 1);
    turn();
    assert_int_equal(one.calls + two.calls, 1);
    close_pair(first, &one);
    close_pair(second, &two);
}

static void free_end(struct acr_source *source, uint32_t events)
{
    (void)events;
    acr_source_remove(source);
    close(source->fd);
    acr_free(source);
    note('f');
}

static void test_a_source_can_free_itself_in_its_callback(void **state)
{
    (void)state;
    struct acr_source *source = acr_alloc_zero(sizeof *source);
    assert_int_equal(acr_source_add(source, loop, eventfd(1, 0), free_end), 0);
    turn();
    turn();
    assert_string_equal(order, "f");
}

static void test_removing_a_source_twice_or_one_never_added_has_no_effect(void **state)
{
    (void)state;
    int fds[2];
    struct end end, never = {0};
    open_pair(fds, &end);
    acr_source_remove(&end.source);
    acr_source_remove(&end.source);
    acr_source_remove(&never.source);
    assert_int_equal(write(fds[1], "x", 1), 1);
    turn();
    assert_int_equal(end.calls, 0);
    close_pair(fds, &end);
}

static void test_what_cannot_be_watched_is_refused(void **state)
{
    (void)state;
    struct acr_source source = {0};
    assert_int_equal(acr_source_add(&source, loop, -1, on_end), ACR_ERR_SYSTEM);
    assert_null(source.loop);
}

static int batch_calls;

static void count_call(struct acr_source *source, uint32_t events)
{
    (void)source;
    (void)events;
    batch_calls++;
}

static void test_more_events_than_a_batch_take_another_turn_but_none_is_lost(void **state)
{
    (void)state;
    enum { COUNT = 700 };
    struct acr_source *sources = acr_alloc_zero(COUNT * sizeof *sources);
    batch_calls = 0;
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(acr_source_add(&sources[i], loop, eventfd(1, EFD_NONBLOCK), count_call), 0);
    turn();
    assert_in_range(batch_calls, 1, COUNT - 1);
    turn();
    assert_int_equal(batch_calls, COUNT);
    for (int i = 0; i < COUNT; i++) {
        acr_source_remove(&sources[i]);
        close(sources[i].fd);
    }
    acr_free(sources);
}

/* A fiber without a stack: a function that is called. */
struct step {
    struct acr_fiber fiber;
    void (*fn)(struct step *step);
    int runs;
    struct step *wakes;
    struct acr_flush flush;
    struct acr_timer timer;
};

static int step_suspend(struct acr_fiber *fiber)
{
    (void)fiber;
    fail();
    return 0;
}

static void step_resume(struct acr_fiber *fiber)
{
    struct step *step = ACR_CONTAINER_OF(fiber, struct step, fiber);
    step->runs++;
    note('b');
    if (step->fn != NULL)
        step->fn(step);
}

static const struct acr_fiber_ops step_ops = {step_suspend, step_resume};

static void on_step_flush(struct acr_flush *flush)
{
    struct step *step = ACR_CONTAINER_OF(flush, struct step, flush);
    note('c');
    if (step->wakes != NULL)
        acr_fiber_schedule(&step->wakes->fiber);
}

static void on_step_timer(struct acr_timer *timer)
{
    note('t');
    acr_fiber_schedule(&ACR_CONTAINER_OF(timer, struct step, timer)->fiber);
}

static void step_init(struct step *step, void (*fn)(struct step *step))
{
    *step = (struct step){.fn = fn};
    acr_fiber_init(&step->fiber, loop, &step_ops);
    acr_flush_init(&step->flush, on_step_flush);
    acr_timer_init(&step->timer, loop, on_step_timer);
}

static void flush_twice(struct step *step)
{
    acr_flush_later(&step->flush, loop);
    acr_flush_later(&step->flush, loop);
}

static void test_a_turn_receives_then_resumes_then_flushes(void **state)
{
    (void)state;
    int first[2], second[2];
    struct end one, two;
    open_pair(first, &one);
    open_pair(second, &two);
    struct step steps[2];
    for (int i = 0; i < 2; i++) {
        step_init(&steps[i], flush_twice);
        acr_timer_arm(&steps[i].timer, START);
    }
    assert_int_equal(write(first[1], "x", 1), 1);
    assert_int_equal(write(second[1], "x", 1), 1);
    turn();
    assert_string_equal(order, "ssttbbcc");
    close_pair(first, &one);
    close_pair(second, &two);
}

static void test_a_fiber_woken_while_flushing_runs_in_the_next_turn_which_does_not_block(void **state)
{
    (void)state;
    struct step one, two;
    step_init(&one, flush_twice);
    step_init(&two, NULL);
    one.wakes = &two;
    acr_fiber_schedule(&one.fiber);
    assert_int_equal(acr_loop_turn(loop, ACR_NEVER), 0);
    assert_int_equal(two.runs, 0);
    assert_int_equal(acr_loop_turn(loop, ACR_NEVER), 0);
    assert_int_equal(two.runs, 1);
    assert_string_equal(order, "bcb");
}

static void schedule_self(struct step *step)
{
    acr_fiber_schedule(&step->fiber);
}

static void test_a_fiber_that_wakes_itself_runs_once_per_turn_and_lets_sources_in(void **state)
{
    (void)state;
    int fds[2];
    struct end end;
    open_pair(fds, &end);
    struct step step;
    step_init(&step, schedule_self);
    acr_fiber_schedule(&step.fiber);
    turn();
    assert_int_equal(write(fds[1], "x", 1), 1);
    turn();
    turn();
    assert_string_equal(order, "bsbb");
    acr_fiber_done(&step.fiber);
    turn();
    assert_int_equal(step.runs, 3);
    close_pair(fds, &end);
}

static struct step *withdrawn;

static void withdraw_other(struct step *step)
{
    (void)step;
    acr_fiber_done(&withdrawn->fiber);
}

static void test_a_fiber_withdrawn_in_phase_b_is_not_resumed_any_more(void **state)
{
    (void)state;
    struct step one, two;
    step_init(&one, withdraw_other);
    step_init(&two, NULL);
    withdrawn = &two;
    acr_fiber_schedule(&one.fiber);
    acr_fiber_schedule(&two.fiber);
    turn();
    turn();
    assert_int_equal(two.runs, 0);
}

static void test_a_flush_outside_of_a_turn_runs_at_once_and_a_cancelled_one_never(void **state)
{
    (void)state;
    struct step step;
    step_init(&step, NULL);
    acr_flush_later(&step.flush, loop);
    assert_string_equal(order, "c");
    acr_flush_cancel(&step.flush);
    turn();
    assert_string_equal(order, "c");
}

static void flush_and_cancel(struct step *step)
{
    acr_flush_later(&step->flush, loop);
    acr_flush_cancel(&step->flush);
    acr_flush_cancel(&step->flush);
}

static void test_a_flush_cancelled_before_phase_c_does_not_run(void **state)
{
    (void)state;
    struct step step;
    step_init(&step, flush_and_cancel);
    acr_fiber_schedule(&step.fiber);
    turn();
    assert_string_equal(order, "b");
}

static void turn_inside(struct step *step)
{
    (void)step;
    assert_true(acr_loop_in_turn(loop));
    assert_int_equal(acr_loop_turn(loop, 0), ACR_ERR_INVALID);
}

static void test_a_turn_inside_a_turn_is_refused(void **state)
{
    (void)state;
    struct step step;
    step_init(&step, turn_inside);
    acr_fiber_schedule(&step.fiber);
    turn();
    assert_int_equal(step.runs, 1);
    assert_false(acr_loop_in_turn(loop));
}

static void advance_clock(struct step *step)
{
    (void)step;
    assert_true(acr_loop_now(loop) == START);
    fake.monotonic_now += 5;
    assert_true(acr_loop_now(loop) == START);
    acr_flush_later(&step->flush, loop);
}

static void test_now_stands_still_within_a_phase(void **state)
{
    (void)state;
    struct step step;
    step_init(&step, advance_clock);
    acr_fiber_schedule(&step.fiber);
    turn();
    assert_true(acr_loop_now(loop) == START + 5);
    fake.monotonic_now += 5;
    assert_true(acr_loop_now(loop) == START + 5);
    assert_true(acr_loop_refresh_now(loop) == START + 10);
    assert_true(acr_loop_now(loop) == START + 10);
    assert_ptr_equal(acr_loop_clock(loop), &fake.clock);
}

static void stop_third(struct step *step)
{
    if (step->runs == 3)
        acr_loop_stop(loop);
    acr_fiber_schedule(&step->fiber);
}

static void test_running_ends_after_the_turn_that_stopped_it(void **state)
{
    (void)state;
    struct step step;
    step_init(&step, stop_third);
    acr_fiber_schedule(&step.fiber);
    assert_int_equal(acr_loop_run(loop), 0);
    assert_int_equal(step.runs, 3);
    acr_fiber_done(&step.fiber);
}

static void test_embedded_the_descriptor_tells_of_a_ready_source(void **state)
{
    (void)state;
    int fds[2];
    struct end end;
    open_pair(fds, &end);
    int fd = acr_loop_fd(loop);
    assert_false(readable(fd, 0));
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_true(readable(fd, 0));
    turn();
    assert_false(readable(fd, 0));
    close_pair(fds, &end);
}

static void test_embedded_the_descriptor_tells_of_a_fiber_woken_outside_of_a_turn(void **state)
{
    (void)state;
    struct step step;
    step_init(&step, NULL);
    int fd = acr_loop_fd(loop);
    for (int round = 1; round <= 3; round++) {
        assert_false(readable(fd, 0));
        acr_fiber_schedule(&step.fiber);
        assert_true(readable(fd, 0));
        turn();
        assert_int_equal(step.runs, round);
    }
    assert_false(readable(fd, 0));
}

static void test_embedded_the_descriptor_tells_of_what_came_before_it_was_asked_for(void **state)
{
    (void)state;
    struct step step;
    step_init(&step, NULL);
    acr_fiber_schedule(&step.fiber);
    assert_true(readable(acr_loop_fd(loop), 0));
    turn();
    assert_false(readable(acr_loop_fd(loop), 0));
}

static void test_embedded_work_left_by_a_turn_makes_the_descriptor_readable(void **state)
{
    (void)state;
    struct step one, two;
    step_init(&one, flush_twice);
    step_init(&two, NULL);
    one.wakes = &two;
    int fd = acr_loop_fd(loop);
    acr_fiber_schedule(&one.fiber);
    turn();
    assert_true(readable(fd, 0));
    turn();
    assert_int_equal(two.runs, 1);
    assert_false(readable(fd, 0));
}

static void test_embedded_a_timer_armed_in_the_past_makes_the_descriptor_readable(void **state)
{
    (void)state;
    struct step step;
    step_init(&step, NULL);
    int fd = acr_loop_fd(loop);
    acr_timer_arm(&step.timer, START);
    assert_true(readable(fd, 0));
    turn();
    assert_int_equal(step.runs, 1);
    assert_false(readable(fd, 0));
}

/* The kernel's timer follows the machine's clock, so this one waits a few milliseconds, in poll(). */
static void test_embedded_a_due_timer_makes_the_descriptor_readable(void **state)
{
    (void)state;
    acr_loop_close(loop);
    assert_int_equal(acr_loop_open(acr_clock_system(), &loop, NULL), 0);
    struct step late, early;
    step_init(&late, NULL);
    step_init(&early, NULL);
    int fd = acr_loop_fd(loop);
    acr_nanos now = acr_loop_refresh_now(loop);
    acr_timer_arm(&late.timer, now + 3600 * ACR_NANOS_PER_SECOND);
    assert_false(readable(fd, 0));
    acr_timer_arm(&early.timer, now + 5 * ACR_NANOS_PER_MILLI);
    for (int turns = 0; early.runs == 0; turns++) {
        assert_true(turns < 5);
        assert_true(readable(fd, 10000));
        turn();
    }
    assert_true(acr_loop_now(loop) >= now + 5 * ACR_NANOS_PER_MILLI);
    assert_int_equal(late.runs, 0);
    assert_false(readable(fd, 0));
    acr_timer_disarm(&late.timer);
}
