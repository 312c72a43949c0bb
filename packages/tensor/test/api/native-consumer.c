#include <stdint.h>
#include <stdlib.h>

/* The structures of DLPack 1.1, as its header has them. */
typedef struct { uint32_t major, minor; } DLPackVersion;
typedef struct { int32_t device_type, device_id; } DLDevice;
typedef struct { uint8_t code, bits; uint16_t lanes; } DLDataType;
typedef struct {
  void *data; DLDevice device; int32_t ndim; DLDataType dtype;
  int64_t *shape; int64_t *strides; uint64_t byte_offset;
} DLTensor;
typedef struct DLManagedTensorVersioned {
  DLPackVersion version; void *manager_ctx;
  void (*deleter)(struct DLManagedTensorVersioned *self);
  uint64_t flags; DLTensor dl_tensor;
} DLManagedTensorVersioned;

/* Adds up a matrix of float32 by its strides; NaN for anything else. */
double sum_matrix(DLManagedTensorVersioned *managed) {
  DLTensor *t = &managed->dl_tensor;
  if (managed->version.major != 1 || t->ndim != 2 || t->device.device_type != 1) return 0.0 / 0.0;
  if (t->dtype.code != 2 || t->dtype.bits != 32 || t->dtype.lanes != 1) return 0.0 / 0.0;
  float *items = (float *)((char *)t->data + t->byte_offset);
  double total = 0;
  for (int64_t row = 0; row < t->shape[0]; row++)
    for (int64_t column = 0; column < t->shape[1]; column++)
      total += items[row * t->strides[0] + column * t->strides[1]];
  return total;
}

uint64_t data_of(DLManagedTensorVersioned *managed) { return (uint64_t)managed->dl_tensor.data; }

void release(DLManagedTensorVersioned *managed) { managed->deleter(managed); }

static int deleted = 0;
int deleted_count(void) { return deleted; }

static void free_made(DLManagedTensorVersioned *self) {
  free(self->dl_tensor.data); free(self->dl_tensor.shape); free(self); deleted++;
}

/* Makes a 2 x 3 matrix of int16 that is stored column by column. */
DLManagedTensorVersioned *make_columns(void) {
  DLManagedTensorVersioned *managed = calloc(1, sizeof *managed);
  int16_t *items = malloc(6 * sizeof *items);
  for (int i = 0; i < 6; i++) items[i] = (int16_t)(10 * i);
  int64_t *numbers = malloc(4 * sizeof *numbers);
  numbers[0] = 2; numbers[1] = 3; numbers[2] = 1; numbers[3] = 2;
  managed->version.major = 1;
  managed->deleter = free_made;
  managed->dl_tensor = (DLTensor){items, {1, 0}, 2, {0, 16, 1}, numbers, numbers + 2, 0};
  return managed;
}
