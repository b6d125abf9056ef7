/* The keyword network of MLPerf Tiny in int8, with the arithmetic of onnxruntime's QLinearConv: sums
 * in 32 bits, one multiplication in single precision, ties to even, then the zero point. The weights
 * are those of drivers/models, by network.py.
 */
#include "board.h"
#include "network.h"

#define UNIT_PLACE 12582912.0f /* 1.5 * 2^23: floats near it are 1 apart */

static int8_t first[MOST_VALUES], second[MOST_VALUES];

bool network_is_whole(void)
{
    return crc32((const uint8_t *)WEIGHTS, sizeof WEIGHTS) == WEIGHTS_CRC;
}

static int8_t round_to_byte(float steps, int zero)
{
    volatile float placed;
    float lowest = (float)(-128 - zero), highest = (float)(127 - zero);
    if (steps < lowest)
        steps = lowest;
    if (steps > highest)
        steps = highest;
    /* Where the last place is worth 1, adding rounds to even. */
    placed = steps + UNIT_PLACE;
    return (int8_t)((int)(placed - UNIT_PLACE) + zero);
}

/* One output row of one channel. */
static void row(const struct layer *layer, const int8_t *in, int8_t *out, int channel, int y)
{
    int depth = layer->channels_in / layer->groups;
    int base = layer->groups == 1 ? 0 : channel;
    const int8_t *weights = layer->weight + channel * depth * layer->kernel_rows * layer->kernel_columns;
    float step = layer->input_scale * layer->weight_scale[channel] / layer->output_scale;

    for (int x = 0; x < layer->columns_out; x++) {
        int32_t sum = layer->bias[channel];
        const int8_t *weight = weights;
        for (int c = 0; c < depth; c++) {
            const int8_t *plane = in + (base + c) * layer->rows_in * layer->columns_in;
            for (int i = 0; i < layer->kernel_rows; i++) {
                int from_y = y * layer->stride_rows - layer->pad_top + i;
                if (from_y < 0 || from_y >= layer->rows_in) {
                    weight += layer->kernel_columns;
                    continue;
                }
                for (int j = 0; j < layer->kernel_columns; j++, weight++) {
                    int from_x = x * layer->stride_columns - layer->pad_left + j;
                    if (from_x >= 0 && from_x < layer->columns_in)
                        sum += (plane[from_y * layer->columns_in + from_x] - layer->input_zero) * *weight;
                }
            }
        }
        out[(channel * layer->rows_out + y) * layer->columns_out + x] =
            round_to_byte((float)sum * step, layer->output_zero);
    }
}

/* The same for a window of one value, where nothing is beyond the edges. */
static void row_of_points(const struct layer *layer, const int8_t *in, int8_t *out, int channel, int y)
{
    int pixels = layer->rows_in * layer->columns_in;
    const int8_t *weights = layer->weight + channel * layer->channels_in;
    float step = layer->input_scale * layer->weight_scale[channel] / layer->output_scale;

    for (int x = 0; x < layer->columns_out; x++) {
        int32_t sum = layer->bias[channel];
        const int8_t *from = in + y * layer->columns_in + x;
        for (int c = 0; c < layer->channels_in; c++, from += pixels)
            sum += (*from - layer->input_zero) * weights[c];
        out[(channel * layer->rows_out + y) * layer->columns_out + x] =
            round_to_byte((float)sum * step, layer->output_zero);
    }
}

static bool convolve(const struct layer *layer, const int8_t *in, int8_t *out, bool (*rest)(void))
{
    bool points = layer->groups == 1 && layer->kernel_rows == 1 && layer->kernel_columns == 1;
    for (int channel = 0; channel < layer->channels_out; channel++) {
        for (int y = 0; y < layer->rows_out; y++)
            (points ? row_of_points : row)(layer, in, out, channel, y);
        if (!rest())
            return false;
    }
    return true;
}

/* The mean of each channel, in single precision and in the order of the values. */
static void average(const struct layer *before, const int8_t *in, int8_t *out)
{
    int pixels = before->rows_out * before->columns_out;
    for (int channel = 0; channel < before->channels_out; channel++) {
        float sum = 0.0f;
        for (int at = 0; at < pixels; at++)
            sum += (float)(in[channel * pixels + at] - POOL_ZERO) * POOL_SCALE;
        out[channel] = round_to_byte(sum / (float)pixels / POOL_SCALE, POOL_ZERO);
    }
}

bool network_infer(const int8_t *input, int8_t *output, bool (*rest)(void))
{
    const int8_t *in = input;
    int8_t *out = first;
    for (int at = 0; at < LAYERS; at++) {
        if (at == POOL_BEFORE) {
            average(&layers[at - 1], in, out);
            in = out;
            out = in == first ? second : first;
        }
        if (!convolve(&layers[at], in, at == LAYERS - 1 ? output : out, rest))
            return false;
        in = out;
        out = in == first ? second : first;
    }
    return true;
}
