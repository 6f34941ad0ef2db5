// Starts the official everything server over Streamable HTTP. It takes its
// port from PORT alone; the samples also say it as MCP_PORT or --port. As the
// first process of a container it would ignore SIGTERM, so that ends it here.
const at = process.argv.indexOf("--port");
const port = at > 0 ? process.argv[at + 1] : undefined;

process.env.PORT = port || process.env.MCP_PORT || process.env.PORT || "3001";
process.argv = [process.argv[0], process.argv[1], "streamableHttp"];
process.on("SIGTERM", () => process.exit(0));
await import("@modelcontextprotocol/server-everything/dist/index.js");
