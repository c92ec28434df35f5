// An app that says who is there. `node app.mjs PORT`
import { createServer } from "node:http";

import { chaperone } from "./chaperone.mjs";

const guard = chaperone({
  issuer: "https://support.example.com",
  // By default below the issuer; here the gate's own address inside the network.
  jwksUrl: process.env.CHAPERONE_JWKS_URL,
  bind: process.env.CHAPERONE_BIND,
});

function whoami(request, response) {
  const { sub, workspace, act, access } = request.support;
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ subject: sub, workspace, actor: act.sub, access }));
}

// In Express: app.use(chaperone({ issuer: "https://support.example.com" })) before all routes.
const server = createServer((request, response) => guard(request, response, (error) => {
  if (error) return response.writeHead(500).end();
  whoami(request, response);
}));
server.listen(Number(process.argv[2]), "127.0.0.1");
