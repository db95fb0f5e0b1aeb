/* Labelled text: whatever the bytes and the options, it is refused with a message or read
 * whole, and every text and label lies within the file. The first byte chooses name,
 * format and columns. */
#include <math.h>
#include <string.h>

#include "rung/labelled.h"
#include "support.h"

static size_t sum_of(const rung_span *spans, size_t n)
{
    size_t sum = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < spans[i].size; j++)
            sum += (unsigned char)spans[i].bytes[j];
    return sum;
}

static void check_whole(const rung_labelled *data, size_t size, bool has_labels)
{
    FUZZ_CHECK(data->count > 0 && data->texts && has_labels == (data->labels != NULL));
    FUZZ_CHECK(data->n_empty <= data->count && (data->n_bad > 0) == (data->bad[0] != 0));
    FUZZ_CHECK(data->columns[0] && data->format != RUNG_FORMAT_AUTO);
    FUZZ_CHECK(sum_of(data->texts, data->count) <= 255 * size);
    for (size_t i = 0; i < data->count * data->n_numbers; i++)
        FUZZ_CHECK(isfinite((float)data->numbers[i]));
    if (!has_labels) return;
    const size_t n = data->first ? (size_t)data->first[data->count] : data->count;
    FUZZ_CHECK(sum_of(data->labels, n) <= 255 * size);
    for (size_t i = 0; i < n; i++) FUZZ_CHECK(data->labels[i].size > 0);
    for (size_t i = 0; data->first && i < data->count; i++)
        FUZZ_CHECK(data->first[i] <= data->first[i + 1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const delimiters[] = {NULL, ",", "\\t", "|"};
    if (size == 0) return 0;
    const uint8_t choice = *bytes++;
    const char *path = fuzz_file(bytes, --size);
    rung_labelled_config config = RUNG_LABELLED_CONFIG_DEFAULT;
    config.most_bad = 1;
    config.format = choice % RUNG_FORMAT_COUNT;
    config.delimiter = delimiters[choice / RUNG_FORMAT_COUNT % 4];
    config.has_labels = choice < 128;
    if (choice % 3 == 0) config.separator = ";";
    if (choice % 5 == 0) config.text_column = "1", config.label_column = "2";
    if (choice % 5 == 1) config.text_column = "text";
    if (choice % 7 == 0) config.number_columns = choice % 2 ? "n" : "3";
    rung_labelled data = {0};
    rung_error err = {0};
    bool is_labelled;
    if (rung_labelled_detect(&is_labelled, path, &err) != RUNG_OK)
        FUZZ_CHECK(strstr(err.message, path));
    if (rung_labelled_read(&data, path, &config, &err) != RUNG_OK) {
        FUZZ_CHECK(!data.texts && strstr(err.message, path));
        return 0;
    }
    check_whole(&data, size, config.has_labels);
    rung_labelled_release(&data);
    return 0;
}
