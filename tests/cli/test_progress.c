#include "support.h"

#include <math.h>
#include <unistd.h>

#include "cli/progress.c" // the command is no library that could be linked

/* What is printed goes to a file; `text` reads what came since the start. */
typedef struct screen {
    cli_progress progress;
    char text[1000];
} screen;

static void open_screen(screen *s, bool is_terminal)
{
    cli_progress_init(&s->progress, tmpfile());
    assert_false(s->progress.is_terminal); // a file is none
    s->progress.is_terminal = is_terminal;
}

static const char *text_of(screen *s)
{
    const ssize_t n = pread(fileno(s->progress.out), s->text, sizeof s->text - 1, 0);
    s->text[n > 0 ? n : 0] = '\0';
    return s->text;
}

static void report(screen *s, rung_progress now)
{
    now.label = "gpt";
    now.unit = "tok";
    const rung_progress_sink sink = cli_progress_sink(&s->progress);
    sink.report(sink.self, &now);
}

static void a_line_shows_share_rate_loss_and_time_left(void **state)
{
    (void)state;
    screen s;
    open_screen(&s, true);
    report(
        &s,
        (rung_progress){
            .done = 429, .total = 1000, .rate = 12345.4, .left = 200, .loss = 2.34567});
    assert_string_equal(text_of(&s),
                        "\r\033[Kgpt   42 %  12,345 tok/s  loss 2.3457  3m 20s left");
    fclose(s.progress.out);
}

static void what_is_not_known_is_left_out(void **state)
{
    (void)state;
    screen s;
    open_screen(&s, true);
    report(&s, (rung_progress){.done = 1500, .left = -1, .loss = NAN});
    assert_string_equal(text_of(&s), "\r\033[Kgpt  1,500 tok");
    report(&s, (rung_progress){.done = 2000, .rate = 2.25, .left = -1, .loss = NAN});
    assert_string_equal(text_of(&s),
                        "\r\033[Kgpt  1,500 tok\r\033[Kgpt  2,000 tok  2.2 tok/s");
    fclose(s.progress.out);
}

static void on_a_terminal_the_last_line_stays(void **state)
{
    (void)state;
    screen s;
    open_screen(&s, true);
    report(&s, (rung_progress){.done = 1, .total = 2, .left = -1, .loss = NAN});
    assert_true(s.progress.is_line_open);
    report(&s, (rung_progress){.done = 2,
                               .total = 2,
                               .elapsed = 75,
                               .left = 0,
                               .loss = 1.5,
                               .is_last = true});
    assert_false(s.progress.is_line_open);
    cli_progress_wipe(&s.progress); // nothing to wipe
    assert_string_equal(text_of(&s), "\r\033[Kgpt   50 %"
                                     "\r\033[Kgpt  100 %  loss 1.5000  in 1m 15s\n");
    fclose(s.progress.out);
}

static void an_open_line_can_be_wiped(void **state)
{
    (void)state;
    screen s;
    open_screen(&s, true);
    report(&s, (rung_progress){.done = 1, .total = 2, .left = -1, .loss = NAN});
    cli_progress_wipe(&s.progress);
    cli_progress_wipe(&s.progress);
    assert_string_equal(text_of(&s), "\r\033[Kgpt   50 %\r\033[K");
    fclose(s.progress.out);
}

static void elsewhere_a_line_comes_every_few_seconds(void **state)
{
    (void)state;
    screen s;
    open_screen(&s, false);
    for (int i = 1; i <= 110; i++) { // eleven seconds
        report(
            &s,
            (rung_progress){
                .done = i, .total = 200, .elapsed = i / 10.0, .left = -1, .loss = NAN});
    }
    report(&s, (rung_progress){.done = 200,
                               .total = 200,
                               .elapsed = 12,
                               .left = 0,
                               .loss = NAN,
                               .is_last = true});
    // Another work, whose clock begins anew.
    report(&s,
           (rung_progress){.done = 1, .total = 2, .elapsed = 4, .left = -1, .loss = NAN});
    report(&s,
           (rung_progress){.done = 1, .total = 2, .elapsed = 5, .left = -1, .loss = NAN});
    assert_string_equal(text_of(&s), "gpt   25 %\n"
                                     "gpt   50 %\n"
                                     "gpt  100 %  in 12.0s\n"
                                     "gpt   50 %\n");
    fclose(s.progress.out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_shows_share_rate_loss_and_time_left),
        cmocka_unit_test(what_is_not_known_is_left_out),
        cmocka_unit_test(on_a_terminal_the_last_line_stays),
        cmocka_unit_test(an_open_line_can_be_wiped),
        cmocka_unit_test(elsewhere_a_line_comes_every_few_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
