# promtool, from Debian's package of Prometheus, of which nothing is to run
# here; sourced by bash, not run.

. "$(dirname "${BASH_SOURCE[0]}")/../../tools/node/toolchain.sh"

promtool_there() { command -v promtool >/dev/null; }
need_promtool() {
	promtool_there || [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null ||
		apt_install prometheus
	"$TOP/tools/need.sh" 'command -v promtool' prometheus
}
