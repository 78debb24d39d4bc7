// A real OpenID Connect provider (npm's oidc-provider) whose people sign in with any password.
// Arguments: the folder of its package, its port, the redirect address of its one client, the client's secret.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, port, redirect, secret] = process.argv.slice(2);
const require = createRequire(`${folder}/package.json`);
const { default: Provider } = await import(pathToFileURL(require.resolve("oidc-provider")).href);

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: "press", client_secret: secret, redirect_uris: [redirect] }],
  claims: { openid: ["sub"], email: ["email", "email_verified"] },
  pkce: { required: () => true, methods: ["S256"] },
  cookies: { keys: ["of the tests"] },
  findAccount: (_context, login) => ({
    accountId: login,
    claims: () => ({
      sub: login,
      email: login.replace("unverified.", ""),
      email_verified: !login.startsWith("unverified."),
    }),
  }),
});
provider.listen(port, "127.0.0.1", () => console.log("listening"));
