/* How much memory calls of the C interface take: `memory CALLS` prints for each kind how many there were, and
 * how many kB the process held before and after; `batch COUNT` what signing many emails took at most, beyond
 * the emails and the hashes. With a third argument memory is leaked or wasted on purpose. */
#include <pylon_identity.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *hex, email[] = "ada@example.com";
static pylon_identity_secret secret;
static char hash[PYLON_IDENTITY_EMAIL_HASH_SIZE];

static void must(int good) {
    if (!good) {
        fputs("a call failed\n", stderr);
        exit(1);
    }
}

static void init(pylon_identity_secret *into) {
    must(pylon_identity_secret_init(into, hex, strlen(hex)) == PYLON_IDENTITY_OK);
}

static void sign(void) {
    must(pylon_identity_sign(&secret, email, strlen(email), hash) == PYLON_IDENTITY_OK);
}

static void verify(void) {
    must(pylon_identity_verify(&secret, email, strlen(email), hash, 64) == PYLON_IDENTITY_OK);
}

static void secrets(void) {
    pylon_identity_secret own;
    init(&own);
    must(pylon_identity_sign(&own, email, strlen(email), hash) == PYLON_IDENTITY_OK);
    pylon_identity_secret_wipe(&own);
}

static void others(void) {
    static char text[PYLON_IDENTITY_EXPLANATION_SIZE], out[2 * PYLON_IDENTITY_EMAIL_HASH_SIZE];
    size_t lengths[] = {6, 9};
    uint32_t causes;
    pylon_identity_secret own;
    must(pylon_identity_secret_init(&own, "0x", 2) == PYLON_IDENTITY_SECRET_NOT_HEX);
    must(pylon_identity_diagnose(hex, strlen(hex), email, strlen(email), hash, 63, &causes, text, sizeof text) ==
         PYLON_IDENTITY_OK);
    must(pylon_identity_sign_many(&secret, email, lengths, 2, out) == PYLON_IDENTITY_OK);
    must(pylon_identity_chat_settings_hash(&secret, "app-1", 5, email, strlen(email), out) == PYLON_IDENTITY_OK);
    must(pylon_identity_chat_settings_script(email, lengths, 2, "r4nd0m", 6, text, sizeof text) ==
         PYLON_IDENTITY_OK);
}

static long status(const char *path, const char *format) {
    char line[256];
    long kB = -1;
    FILE *file = fopen(path, "r");
    must(file != NULL);
    while (fgets(line, sizeof line, file) && sscanf(line, format, &kB) != 1) {
    }
    fclose(file);
    must(kB > 0);
    return kB;
}

static long resident(void) { return status("/proc/self/smaps_rollup", "Rss: %ld"); }

static void *volatile kept;

static void memory(long calls, int leak) {
    const struct {
        const char *kind;
        void (*call)(void);
        long share;
    } measured[] = {{"sign", sign, 1}, {"verify", verify, 1}, {"secrets", secrets, 1}, {"others", others, 500}};
    size_t kind;
    for (kind = 0; kind < sizeof measured / sizeof *measured; kind++) {
        long times = calls / measured[kind].share, warm_up = times / 5, before = 0, i;
        for (i = 0; i < warm_up + times; i++) {
            if (i == warm_up)
                before = resident();
            measured[kind].call();
            if (leak)
                kept = malloc(8);
        }
        printf("%s %ld %ld %ld\n", measured[kind].kind, times, before, resident());
    }
}

static void batch(size_t count, int waste) {
    size_t *lengths = malloc(count * sizeof *lengths), i;
    char *emails = malloc(count * strlen(email)), *out = malloc(count * PYLON_IDENTITY_EMAIL_HASH_SIZE);
    FILE *file = fopen("/proc/self/clear_refs", "w");
    must(lengths && emails && out && file);
    for (i = 0; i < count; i++) {
        memcpy(emails + i * strlen(email), email, strlen(email));
        lengths[i] = strlen(email);
    }
    must(fputs("5", file) > 0 && fclose(file) == 0);
    must(pylon_identity_sign_many(&secret, emails, lengths, count, out) == PYLON_IDENTITY_OK);
    if (waste) {
        kept = memset(malloc(100 * count), 1, 100 * count);
        free(kept);
    }
    printf("%lu %ld\n", (unsigned long)count, status("/proc/self/status", "VmHWM: %ld") - resident());
    free(out);
    free(emails);
    free(lengths);
}

int main(int argc, char **argv) {
    long count = argc > 2 ? atol(argv[2]) : 0;
    hex = getenv("HARDEN_SECRET");
    must(hex && count > 0);
    init(&secret);
    if (strcmp(argv[1], "batch") == 0)
        batch((size_t)count, argc > 3);
    else
        memory(count, argc > 3);
    return 0;
}
