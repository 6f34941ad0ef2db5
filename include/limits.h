#ifndef LIMITS_H
#define LIMITS_H

/*
 * Every cap in the program, each with its reason. Sizes in bytes unless the
 * name says otherwise.
 */

/* base */
/* Field paths are short; the deepest in the CRDs is under 100. */
#define DIAG_PATH_MAX 160
/* A refusal of the API server: those by Pod Security are up to 600, and one
 * by several rules of a webhook is longer. */
#define DIAG_TEXT_MAX 800
/* Regions in the memory table: about 3 a room, twice that to grow. */
#define MEM_REGIONS_MAX 96
/* One log line: a message with all that is escaped in it, names, ids. */
#define LOG_LINE_MAX 2048
/* Lines a second before the log drops and counts: an edge node's disk. */
#define LOG_LINES_PER_S 200
/* Events taken from the kernel a turn of the loop. */
#define IO_EVENTS_MAX 64
/* Descriptor numbers that can be watched: LOOP_FDS_MAX and some files. */
#define IO_FDS_MAX 512
/* Sent and not acknowledged: then the connection is given up, even when the
 * process is stopped. Less than the 10 s by which a Lease of default times
 * outlives its holder's renew deadline; with shorter ones it is less. */
#define IO_UNACKED_MS 9000

/* codec */
/* Kubernetes objects nest less than 30 deep; CRD schemas about 60. */
#define JSON_DEPTH_MAX 64
/*
 * One object as text. etcd's own limit is 1.5 MiB; an MCPServer with its
 * config is a few KiB. Larger ones are named and refused with a condition.
 */
#define JSON_OBJECT_MAX (384 * 1024)
/* Tokens for one object: real objects have one a 10 bytes. */
#define JSON_TOKENS_MAX (48 * 1024)
/* Of a podTemplatePatch: its lists are compared item by item. */
#define POD_PATCH_MAX 32768
/* Bytes of spec.pod's containers together: each stands in a job's arena four
 * times, and ten bytes of tokens for each of its own. */
#define POD_MORE_MAX 32768
/* Operations of one JSON Patch: each is a walk over the whole text. */
#define JSON_OPS_MAX 64
/* Members of an object in a value of one, which are compared one by one. */
#define JSON_OPS_MEMBERS_MAX 512
/* Of a value that breaks a rule, when that is told: the rule stands behind it
 * and has to fit a warning (ADMIT_WARNING_MAX), too. */
#define RULE_VALUE_MAX 128
/* What jw_kfmt formats at once: a condition message, names and reasons. */
#define JW_FMT_MAX 2048
/* Name, namespace (253 and 63), kind, uid, versions of an oversized object. */
#define SPLIT_HEAD_MAX 1024
/* YAML comes in by kubeconfig and the command line only. */
#define YAML_INPUT_MAX (1024 * 1024)
#define YAML_DEPTH_MAX 48
/* Keys of the mappings open at a time, which are compared one by one. */
#define YAML_KEYS_MAX 4096
#define YAML_SCRATCH_MAX (2 * 1024 * 1024)
/* Nesting of field tables: spec -> list -> object -> ... */
#define SCHEMA_DEPTH_MAX 16
/* An image reference: registries take 255 for the name, 128 for the tag. */
#define IMAGE_MAX 1024
/* A quantity as text: Kubernetes itself writes no more than 22 bytes. */
#define QUANTITY_MAX 64
/* A host name with port and path fits; the API server's paths are short. */
#define URL_MAX 2048
/* Certificates: a leaf with many SANs is under 8 KiB of DER. */
#define CERT_DER_MAX 16384
/*
 * Private keys: BearSSL 0.6 overflows its decoder's buffer on RSA keys over
 * 4928 bits; RSA-4096 in PKCS#1 is 2348 bytes, in PKCS#8 2375.
 */
#define KEY_DER_MAX 2600

/* net */
/* Descriptors the loop knows: one for each connection to the API server,
 * which also asks its name, and for each of our own servers and its clients;
 * and a few besides. */
#define LOOP_FDS_MAX (KUBE_CONNS_MAX + 1 + WATCHES_MAX + \
	HTTP_SERVERS_MAX * (1 + HTTP_SERVER_CONNS_MAX) + \
	EXT_CALLS_MAX + 8)
/* Timers set at a time: an exchange with the API server has one, and one more
 * until its connection is open; a watch has a third. A client of ours has
 * one, for its handshake or its request, and each server one for accepting.
 * A call of an extension has two, and one while its connection is kept. The
 * operator's own are 13, one a kind of work. */
#define LOOP_TIMERS_MAX (2 * (KUBE_CONNS_MAX + 1) + 3 * WATCHES_MAX + \
	HTTP_SERVERS_MAX * (1 + HTTP_SERVER_CONNS_MAX) + \
	3 * EXT_CALLS_MAX + 32)
/* /etc/hosts or /etc/resolv.conf while it is looked through. */
#define LOOP_SCRATCH_MAX (64 * 1024)
/* A DNS packet: what is not fragmented on its way. Of a longer answer over
 * TCP only the head is looked at, where 8 addresses have room. */
#define DNS_PACKET_MAX 1232
/* One TLS record: mandatory, see bearssl.md section 3. */
#define TLS_IN_MAX 16709
/* 4096 of data and the record's overhead: no fragment length is asked for
 * that a terminator would honour with tiny records. */
#define TLS_OUT_MAX 4181
/* Until the keys are changed the input buffer's head takes what comes in
 * pieces of this size ... */
#define TLS_HELLO_PIECE 1024
/* ... and its rest holds the DER of the peer's certificate, for the SAN
 * check: 14.5 KiB, where a leaf with many names has 8. */
#define TLS_PEER_CERT_MAX (TLS_IN_MAX - 5 - TLS_HELLO_PIECE)
/* A handshake takes 10 ms, 200 on a slow machine; one that takes longer than
 * this waits for its peer, and others may begin theirs. */
#define CONN_GATE_MS 1000
/* Reads of one conn_read, or of a handshake, before others have their turn. */
#define CONN_READS_MAX 32
/* Trust anchors: a cluster CA bundle has one to three, a web bundle 150. */
#define TLS_ANCHORS_MAX 200
/* Bytes of anchor names and keys, about 700 a root. */
#define TLS_ANCHOR_BYTES_MAX (160 * 1024)
/* Names of a certificate that we make: one Service under its names, and the
 * addresses of a host. */
#define CERT_NAMES_MAX 8
/* Such a certificate: 260 bytes for each name, the rest is under 700. */
#define CERT_MADE_MAX (700 + 260 * CERT_NAMES_MAX)
/* A clock is behind ours by no more than this: they count from before. */
#define CERT_EARLY_S 3600
/* Lifetime of one; another is made when two thirds of it are over. */
#define CERT_MADE_S (90 * 24 * 3600)
/* A certificate or key file: a chain of CERT_DER_MAX in base64, and text. */
#define CERT_FILE_MAX 32768
/* Path of such a file. */
#define CERT_PATH_MAX 512
/* Certificates sent with ours: a leaf and its intermediates. */
#define TLS_CHAIN_MAX 8
/* Bytes of that chain and its key. */
#define TLS_CLIENT_BYTES_MAX (CERT_DER_MAX + KEY_DER_MAX)
/* A CA bundle as PEM. */
#define TLS_PEM_MAX (320 * 1024)
/* Status line and headers: the API server's are under 1 KiB. */
#define HTTP_HEAD_MAX 8192
#define HTTP_HEADERS_MAX 64
/* Request line, Host and framing of a request: a path with selectors and a
 * continue token is under 3 KiB. */
#define HTTP_LINE_MAX 4096
/* A chunk's size with its extensions, which nobody sends. */
#define HTTP_CHUNK_LINE_MAX 256
/* All trailer fields of a body. */
#define HTTP_TRAILERS_MAX 4096
/* Reads a connection may do in one go before others get their turn. */
#define HTTP_READS_MAX 8
/* Metrics, health, profiling, webhooks. */
#define HTTP_SERVERS_MAX 4
/* Scrapes, probes and a person with curl. */
#define HTTP_SERVER_CONNS_MAX 16
/* A metrics page: fixed families and one line a server for the info gauge
 * are streamed through this window. */
#define HTTP_SERVER_OUT_MAX 8192
/* A kept connection between two requests: scrapes come once a minute, and
 * clients in Go, the API server among them, close one after 90 s. They have to
 * be the first, or a request of theirs meets an end that is on its way. */
#define HTTP_SERVER_IDLE_MS 120000
/* A connection that waits for longer makes room for a new one. */
#define HTTP_SERVER_FRESH_MS 1000
/* From a request's first byte to its last: a slow link, no slow attacker. */
#define HTTP_SERVER_REQUEST_MS 10000
/* Body of a request: what is larger could not be read as JSON, and whoever
 * reaches the port could have the operator keep it. */
#define HTTP_BODY_MAX JSON_OBJECT_MAX
/* Body of the answer to such a one: a review with a patch and all that is
 * wrong with an object. */
#define HTTP_POST_OUT_MAX (256 * 1024)
/* From a request with a body to its answer: the API server's longest timeout
 * of a webhook. */
#define HTTP_SERVER_POST_MS 30000
/* A body's pages are given back when it was larger than this. */
#define HTTP_POST_KEEP_MAX (64 * 1024)
/* One answer: 2 MiB of metrics at 100 KiB/s. */
#define HTTP_SERVER_ANSWER_MS 20000
/* What a refused peer still sends is thrown away, so that it reads why. */
#define HTTP_SERVER_LINGER_MS 1000
#define HTTP_SERVER_LINGER_MAX (256 * 1024)
/* Until accepting is tried again when there is no place, or no descriptor. */
#define HTTP_SERVER_PAUSE_MS 100

/* kube */
/* Service account tokens are about 1 KiB, OIDC tokens up to 10. */
#define TOKEN_MAX 16384
/* Watches: 4 server groups, children, pods, references, CRDs; most of them once
 * for each namespace of --watch-namespaces, of which six find room. Only those
 * that are started have a connection. */
#define WATCHES_MAX 151
/* A Status body of an error: its causes are cut at this. */
#define KUBE_ERROR_BODY_MAX 8192
/* Largest rates that the client's arithmetic takes without overflow. */
#define KUBE_QPS_MILLI_MAX 10000000
#define KUBE_BURST_MAX 1000000
/* Connections for requests: the API server gains nothing from more. */
#define KUBE_CONNS_MAX 8
/* A request's path with query, and a delete's preconditions: three bytes for
 * each of the 500 of its names when all must be escaped, and 500 more. */
#define KUBE_CALL_TEXT_MAX 2048
/* Continue tokens hold a key name, base64: under 600 in practice. */
#define KUBE_CONTINUE_MAX 2048
/* Resource versions are opaque; all servers' are 64-bit decimals. */
#define KUBE_VERSION_MAX 64
/* Objects a page of LIST; client-go's number. */
#define KUBE_LIST_PAGE "500"
/* Sends of one request after 429, 503, 401 or a dead connection. */
#define KUBE_TRIES_MAX 5
/* An unused connection is given up, with its memory, after this long; less
 * than the API server's own limit of 90 s. */
#define KUBE_IDLE_NS (INT64_C(60) * 1000000000)
/* A request as a whole, retries included, unless the caller says else. */
#define KUBE_REQUEST_NS (INT64_C(30) * 1000000000)
/* Longest wait that a server may impose by Retry-After. */
#define KUBE_RETRY_AFTER_MAX_NS (INT64_C(300) * 1000000000)
/* Connect, handshake and head of a watch or list. */
#define KUBE_WATCH_OPEN_NS (INT64_C(30) * 1000000000)
/* Bookmarks come about every minute; two missing: a dead peer. Whoever leads
 * next acts on what is as old as this. */
#define KUBE_WATCH_SILENCE_NS (INT64_C(150) * 1000000000)
/* Between two objects of a stream's initial events; then it is listed. */
#define KUBE_INITIAL_NS (INT64_C(60) * 1000000000)
/* A list's body may stall no longer than this. */
#define KUBE_LIST_SILENCE_NS (INT64_C(60) * 1000000000)
/* A watch's length as asked for: this, and up to as much again by chance,
 * so that watches do not all end at once. */
#define KUBE_WATCH_SECONDS 1800
/* Between tries of a watch that failed. */
#define KUBE_BACKOFF_MIN_NS (INT64_C(500) * 1000000)
#define KUBE_BACKOFF_MAX_NS (INT64_C(30) * 1000000000)
/* A stream that lived this long was no failure. */
#define KUBE_WATCH_STEADY_NS (INT64_C(10) * 1000000000)
#define KUBE_ABSENT_RETRY_NS (INT64_C(30) * 1000000000)
#define KUBE_DENIED_RETRY_NS (INT64_C(30) * 1000000000)
/* Rotated tokens stay valid for minutes; client-go re-reads as often. */
#define KUBE_TOKEN_AGE_NS (INT64_C(60) * 1000000000)
#define KUBE_CERTS_AGE_NS (INT64_C(300) * 1000000000)
/* Credential plugins of the command line. */
#define KUBE_EXEC_ARGS_MAX 32
#define KUBE_EXEC_ENV_MAX 16
#define KUBE_EXEC_TIMEOUT_MS 60000
#define KUBE_EXEC_OUT_MAX (64 * 1024)
/* Paths, names and PEM texts of one configuration. */
#define KUBE_CONFIG_TEXT_MAX (64 * 1024)
/* Pod names (253) and a random suffix. */
#define LEASE_IDENTITY_MAX 320
#define LEASE_BODY_MAX 1536
/* Giving the lease back delays the exit by at most this. */
#define LEASE_RELEASE_NS (INT64_C(3) * 1000000000)
/* Events: client-go's numbers for burst, refill and forgetting. */
#define EVENT_BURST 25
#define EVENT_REFILL_NS (INT64_C(300) * 1000000000)
#define EVENT_FORGET_NS (INT64_C(600) * 1000000000)
/* (object, reason, message) remembered, 40 bytes each; and objects whose
 * rate is followed, 24 bytes each. Sets of EVENT_WAYS, the oldest gives way. */
#define EVENT_KEYS_MAX 512
#define EVENT_SOURCES_MAX 1024
#define EVENT_WAYS 8
/* Events waiting to be sent. */
#define EVENT_QUEUE_MAX 64
/* The API server refuses messages over 1024. */
#define EVENT_MESSAGE_MAX 1024
/* Six bytes for each of the 2,100 of an Event's texts when all must be
 * escaped, and 700 for the rest. */
#define EVENT_BODY_MAX 16384

/* webhooks */
/* A CA without names, and its key: 450 and 121 bytes. */
#define AUTHORITY_DER_MAX 700
#define KEY_MADE_MAX 160
/* Lifetime of a CA; at half of it the next one is made. */
#define AUTHORITY_S (365 * 24 * 3600)
/* From a CA's being told to the API server to its first signature: every
 * instance of the operator, and of the API server, knows of it by then. */
#define AUTHORITY_KNOWN_S (24 * 3600)
/* One that is about to end, one that signs, one that will. */
#define AUTHORITIES_MAX 3
/* The Secret, or the apply of 16 webhooks with such a bundle each. */
#define WEBHOOKS_BODY_MAX (64 * 1024)
/* Reviews at a time: each is answered at once, only its body is waited for. */
#define WEBHOOKS_POSTS 4
/* Servers whose children are tried at a time: each asks one thing of the API
 * server at a time, so that of five connections one is left for the work. They
 * have room beside the other reviews. */
#define WEBHOOKS_TRIALS 4
/* From a review to its answer where children are tried: the API server waits 5
 * s by our manifest, of which some go by before the review is here. Where it
 * waits for less, it says so, and this much is kept of it. */
#define WEBHOOKS_TRIAL_NS (INT64_C(3500) * 1000000)
#define WEBHOOKS_SPARE_NS (INT64_C(1) * 1000000000)
/* What one is tried in: the review as tokens, the server, its children. */
#define TRIAL_ARENA_MAX (4 * JSON_OBJECT_MAX)
/* ... which is given back when more than this was used. */
#define TRIAL_KEEP_MAX (256 * 1024)
/* Between looks at the Secret and the configurations; after a failure. */
#define WEBHOOKS_LOOK_NS (INT64_C(60) * 1000000000)
#define WEBHOOKS_RETRY_NS (INT64_C(5) * 1000000000)

/* admit */
/* The API server's are UUIDs of 36 bytes. */
#define ADMIT_UID_MAX 128
/* A name, 253 bytes, with its quotes. */
#define ADMIT_NAME_MAX 256
/* All that is wrong, for a person; who reads causes has the rest. */
#define ADMIT_MESSAGE_MAX 4096
/* Faults told one by one. At six bytes for each of a text's, 190 KiB: less
 * than HTTP_POST_OUT_MAX. */
#define ADMIT_CAUSES_MAX 32
/* The API server cuts each warning at this, and all of them at 4 KiB. */
#define ADMIT_WARNING_MAX 256
#define ADMIT_WARNINGS_MAX 16

/* extensions */
/* Services that are called: a table that people write, one bit each. */
#define EXTENSIONS_MAX 8
/* The file that names them, and what is kept of it: its values as JSON, with
 * tokens of a tenth of its bytes at 24 bytes each. */
#define EXT_FILE_MAX (64 * 1024)
#define EXT_TEXTS_MAX (512 * 1024)
/* Calls at a time, one of them for what is only told. */
#define EXT_CALLS_MAX 4
/* What is sent: a server and all its children; what is answered. */
#define EXT_BODY_MAX (1024 * 1024)
#define EXT_ANSWER_MAX (256 * 1024)
/* Children that one answer patches, and some of them twice. */
#define EXT_PATCHES_MAX 32
/* Why one refuses, for the user. */
#define EXT_MESSAGE_MAX 512
/* A key of fewer bytes is guessed; a longer one is none. */
#define EXT_KEY_MIN 16
#define EXT_KEY_MAX 4096
/* Between looks at the files of keys and CAs. */
#define EXT_FILES_AGE_NS (INT64_C(10) * 1000000000)
/* An unused connection is closed after this: less than the servers that
 * people write keep one. */
#define EXT_IDLE_NS (INT64_C(4) * 1000000000)
/* From being asked for until a call begins. */
#define EXT_WAIT_NS (INT64_C(30) * 1000000000)
/* What is told that waits; of a burst over a whole edge cluster. */
#define EXT_NOTICES_MAX 256
/* A review waits for validators so long where the API server does not say how
 * long it waits itself, and so much less than it does. */
#define EXT_REVIEW_NS (INT64_C(4) * 1000000000)
#define EXT_REVIEW_LESS_NS (INT64_C(500) * 1000000)

/* kubeconfig */
#define KUBECONFIG_MAX (512 * 1024)

/* cli */
/* All of `manager --help` or --print-memory. */
#define CLI_TEXT_MAX (16 * 1024)

/* control */
/* Namespaces that are counted each for itself in the metrics, 500 bytes and
 * 40 series each; an edge cluster has ten. Others are counted together. */
#define SERIES_SPACES_MAX 128
/* A server's record: 10,000 of them in 18 MiB with all else that there is. */
#define RECORD_BYTES 1352
/* From starting to list children of a kind until their servers go on without
 * knowing which there are: who serves that kind may never answer. */
#define EXTRAS_AWAIT_NS (INT64_C(10) * 1000000000)
/* References of one server that are followed; more are told. */
#define RECORD_REFS_MAX 12
/* From a followed reference's end to taking up those there was no room for:
 * several end at a time. */
#define REFS_ROOM_NS (INT64_C(2) * 1000000000)
/* Image of the info metric, cut at this. */
#define IMAGE_NOTE_MAX 128
/* Labels, or annotations, of a Deployment whose edits are told apart member
 * by member, two tokens each and the map; of more any byte counts. */
#define CHILD_META_TOKENS 129
/* The head of a Deployment's ReplicaFailure message, in its record; and the
 * whole, for so many servers at a time: quota refusals are about 200, those
 * by Pod Security up to 600. */
#define REPLICA_FAILURE_MAX 200
#define TEXTS_MAX 256
#define TEXT_MAX 1016
/* What is wrong with a pod, for the user: the kubelet's own words are mostly
 * under 500, an Event's under 1024. */
#define TROUBLE_MESSAGE_MAX 744
/* A pod that is being made, or runs and is not ready, for this long is asked
 * about: large images and slow starts take longer, volumes and networks do
 * not. Then again, each time twice as late. */
#define WAIT_FIRST_NS (INT64_C(20) * 1000000000)
#define WAIT_AGAIN_NS (INT64_C(30) * 1000000000)
#define WAIT_MOST_NS (INT64_C(600) * 1000000000)
/* Between two pods' Events: each list of them is a walk through etcd. */
#define WAIT_PACE_NS (INT64_C(200) * 1000000)
#define WAIT_ASK_NS (INT64_C(10) * 1000000000)
/* Warnings of one pod; the kubelet repeats one rather than making new ones,
 * but at least every five minutes while it holds. */
#define WAIT_EVENTS 64
#define WAIT_STALE_NS (INT64_C(900) * 1000000000)
/* Field managers of one child whose fields are taken from it at a time: the
 * API server keeps ten that update, and who applies is rare. */
#define DISOWN_SETS_MAX 32
/* Their names, for an Event. */
#define DISOWN_WHOM_MAX 128
/* Objects being worked on at once; more only queue in the API server. */
#define JOBS_MAX 32
/* Objects told while all jobs are busy that are held until their turn, and
 * the largest one; others are read again. 2 MiB, touched in bursts only. */
#define HELD_MAX 512
#define HELD_TEXT_MAX 4084
/* One job: the object, its decoded form, three children, a status. */
#define JOB_ARENA_MAX (4 * JSON_OBJECT_MAX)
/*
 * Metadata of a Deployment's ReplicaSets that is read at a time, 2 to 4 KiB
 * each, and how often: revisionHistoryLimit is 1000 at most. The API server's
 * token for the next ones holds a name of 253 bytes, in base64.
 */
#define REVISIONS_PAGE 16
#define REVISIONS_PAGES_MAX 64
#define REVISIONS_TOKEN_MAX 512
/* Small changes of a status (counters) are gathered for this long. */
#define STATUS_MINOR_NS (INT64_C(2) * 1000000000)
/* ... and for this long where a pass has to ask for what was refused, too. */
#define REFUSED_COUNTS_NS (INT64_C(5) * 1000000000)
/* Statuses of servers whose pods are not ready wait this long at start for
 * the list of pods, which may never come. */
#define PODS_AWAIT_NS (INT64_C(10) * 1000000000)
/* Between two log lines that pods have no slot. */
#define PODS_LOG_NS (INT64_C(600) * 1000000000)
/* Turned-away objects that wait to be told; more are told when listed. */
#define NOTES_MAX 256
/* Six bytes for each of the 1,120 of a note's texts when all must be escaped,
 * and 400 for the rest. */
#define NOTE_BODY_MAX 7168
/* From a slot becoming free to listing again what was turned away. */
#define RELIST_NS (INT64_C(2) * 1000000000)
/* The same after more were turned away than could be told. */
#define RELIST_LOST_NS (INT64_C(60) * 1000000000)
/* From the first answers of all to the CRDs: servers that there are come
 * first. Then, for who may not watch them, between looks for a kind. */
#define KINDS_START_NS (INT64_C(1) * 1000000000)
#define KINDS_POLL_NS (INT64_C(120) * 1000000000)
/* A CRD is there before it is served, and elsewhere sooner than here; from
 * 250 ms, doubled, to a minute in all. */
#define KINDS_RETRY_NS (INT64_C(250) * 1000000)
#define KINDS_TRIES 8
/* What one watch line is decoded into, its plan included. */
#define INTAKE_ARENA_MAX (4 * JSON_OBJECT_MAX)
/* Names and messages of one pod, unescaped; one that does not fit is cut. */
#define POD_SCRATCH_MAX 8192
/* Between looks whether there is room for Events that wait in records. */
#define UNTOLD_NS (INT64_C(500) * 1000000)
/* Why a Lease cannot be had is said again after this: who looks at the newest
 * of a log finds it, and a hundred tries are not a hundred lines. */
#define LEASE_TOLD_NS (INT64_C(300) * 1000000000)
/* From SIGTERM until what is in flight is given up; less than the 30 s that
 * Kubernetes grants. */
#define STOP_GRACE_NS (INT64_C(10) * 1000000000)
/* Between looks whether anything is in flight. */
#define STOP_LOOK_NS (INT64_C(20) * 1000000)
/* The merge patch that takes finalizers away from a server there is no room
 * for: it names those that stay. */
#define NOTE_PATCH_MAX 1024
/* A first status waits this long for the Deployment to be seen. */
#define STATUS_FIRST_NS (INT64_C(1) * 1000000000)
/* Between tries in a namespace that is being deleted, and between looks at a
 * child of which no watch tells and that is. */
#define TERMINATING_WAIT_NS (INT64_C(10) * 1000000000)
/* Between looks whether a deleted namesake's children are gone. */
#define GHOST_WAIT_NS (INT64_C(500) * 1000000)
/* A repair sooner than this after the last one counts as a fight. */
#define REPAIR_CALM_NS (INT64_C(60) * 1000000000)

/* Asking a server who it is: of each call, and of all; a server that does not
 * know a method may say nothing at all. */
#define VERIFY_CALL_NS (INT64_C(5) * 1000000000)
#define VERIFY_DEADLINE_NS (INT64_C(20) * 1000000000)
/* A status waits so long for the answer, so that it is written once; no answer
 * at first is none to tell of: tried again within that time, at growing
 * distances, 3.75 s in all. */
#define VERIFY_HOLD_NS (INT64_C(5) * 1000000000)
#define VERIFY_EARLY_NS (INT64_C(250) * 1000000)
#define VERIFY_EARLY_TRIES 4
/* And an answer for its being told, before another server is asked. */
#define VERIFY_TELL_NS (INT64_C(30) * 1000000000)
/* A server with a schedule is looked at this often at the least: the wall
 * clock of a board may be years off until somebody tells it the time. */
#define SCHEDULE_LOOK_NS (INT64_C(3600) * 1000000000)
/* So far may the clocks of nodes be apart. */
#define SCHEDULE_SKEW_NS (INT64_C(300) * 1000000000)
/* Between two servers, and after a failure, doubled, to the most. */
#define VERIFY_PACE_NS (INT64_C(10) * 1000000)
#define VERIFY_AGAIN_NS (INT64_C(5) * 1000000000)
#define VERIFY_MOST_NS (INT64_C(600) * 1000000000)
/* One answer of an MCP server that is asked who it is: lists of a hundred
 * tools take some 60 KB. Twice, for the stream of HTTP+SSE. */
#define MCP_ANSWER_MIN 1024
#define MCP_ANSWER_MAX (64 * 1024)
/* Names of its tools that are told: so many, in so many bytes. */
#define SERVER_TOOL_NAMES_MAX 64
#define MCP_TOOL_NAMES_MAX 1024
/* Children that a status names: one of each kind, and room for more kinds. */
#define STATUS_CHILDREN_MAX 32
/* Names of its capabilities that are told; there are eight by now. */
#define SERVER_CAPABILITIES_MAX 16
/* Pages of its list of tools, against one that has no end. */
#define MCP_PAGES_MAX 32
/* `mcp-operator reload`: a server has at most 64 volumes, 32 sources and one
 * of its own. */
#define RELOAD_VOLUMES_MAX 97
#define RELOAD_LOOK_NS (INT64_C(1) * 1000000000)
#define RELOAD_TEXT_MAX 256
/* What is read of a process at a time; all that matters of its stat, status
 * and cgroup is within that. */
#define RELOAD_CHUNK_MAX 4096
/* Of a process' environment so much is looked at: Linux lets arguments and
 * variables together have 6 MiB, three quarters of the stack's usual most. Ours
 * is anywhere in it: the kubelet goes through a map, in any order. */
#define RELOAD_ENVIRON_MAX (6 * 1024 * 1024)
/* Visible ASCII; those in use are 32 or 36 bytes long. */
#define MCP_SESSION_MAX 255
/* From /mcp to /mcp/ is one. */
#define MCP_MOVES_MAX 3
#define MCP_CURSOR_MAX 511
#define MCP_ENDPOINT_MAX 1023
/* Headers and body of one request to it: with a session and a cursor of
 * which each byte is escaped to six. */
#define MCP_OUT_MAX 5120

#endif
