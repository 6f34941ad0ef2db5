#ifndef DNS_INT_H
#define DNS_INT_H

#include "net.h"

/* dns.c */
struct str dns_name(const struct dns *d);
/* Passed over when there are as many as there is room for. */
void dns_found(struct dns *d, const struct net_addr *a);

/* dns_files.c: what is read is in the loop's scratch */

/* Finds the addresses of d's name in /etc/hosts. */
void dns_hosts_search(struct dns *d);
/*
 * Fills in what /etc/resolv.conf says but the search list, of which only the
 * length is kept.
 */
void dns_resolv_read(struct dns *d);
/* The i-th domain of the search list; none: empty. */
struct str dns_search_domain(struct dns *d, uint32_t i);

#endif
