/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A fuzz target is one function. With clang's -fsanitize=fuzzer (TERN_LIBFUZZER) it is fuzzed;
 * without, this main() gives it each file named as an argument, and each beginning of it, so
 * that `make check` walks the corpus with any compiler.
 */

#include <glib.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

#ifndef TERN_LIBFUZZER
/* A copy of exactly that size, so that the sanitizer sees a read beyond it. */
static void
fuzz_one (const char *text, gsize size)
{
  g_autofree uint8_t *copy = g_malloc (MAX (size, 1));

  memcpy (copy, text, size);
  LLVMFuzzerTestOneInput (copy, size);
}

/* Cut short, with a byte changed. */
static void
fuzz_variants (const char *text, gsize size)
{
  g_autofree char *changed = g_memdup2 (text, size);
  gsize step = MAX (size / 64, 1);

  for (gsize i = 0; i < size; i += step)
    {
      fuzz_one (text, i);
      changed[i] ^= 0x21;
      fuzz_one (changed, size);
      changed[i] = text[i];
    }
}

int
main (int argc, char **argv)
{
  for (int i = 1; i < argc; i++)
    {
      g_autofree char *text = NULL;
      gsize size;

      if (!g_file_get_contents (argv[i], &text, &size, NULL))
        {
          fprintf (stderr, "cannot read %s\n", argv[i]);
          return 1;
        }
      fuzz_one (text, size);
      fuzz_variants (text, size);
    }
  return 0;
}
#endif
