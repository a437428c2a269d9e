// A small age program over age-encryption: a line of JSON in, {"arguments": […], "data": base64}, is answered by a line of
// base64. It ends with its input, or with the first thing that goes wrong.
//   keygen hybrid|x25519        answers identity and recipient, a line each
//   encrypt [-a] RECIPIENT …    a recipient, or passphrase:…
//   decrypt IDENTITY            an identity, or passphrase:…
import { createInterface } from "node:readline";
import * as age from "age-encryption";

const PASSPHRASE = "passphrase:";
const ARMOR = "-----";

const commands = {
  async keygen(_, kind) {
    const identity = await (kind === "hybrid" ? age.generateHybridIdentity() : age.generateX25519Identity());
    return `${identity}\n${await age.identityToRecipient(identity)}\n`;
  },

  async encrypt(data, ...rest) {
    const armored = rest[0] === "-a";
    const encrypter = new age.Encrypter();
    for (const recipient of armored ? rest.slice(1) : rest) {
      if (recipient.startsWith(PASSPHRASE)) {
        encrypter.setPassphrase(recipient.slice(PASSPHRASE.length));
        encrypter.setScryptWorkFactor(10);
      } else encrypter.addRecipient(recipient);
    }
    const sealed = await encrypter.encrypt(data);
    return armored ? age.armor.encode(sealed) : sealed;
  },

  async decrypt(data, identity) {
    const decrypter = new age.Decrypter();
    if (identity.startsWith(PASSPHRASE)) decrypter.addPassphrase(identity.slice(PASSPHRASE.length));
    else decrypter.addIdentity(identity);
    const armored = data.subarray(0, ARMOR.length).toString() === ARMOR;
    return await decrypter.decrypt(armored ? age.armor.decode(data.toString()) : data);
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { arguments: [command, ...rest], data } = JSON.parse(line);
  const answer = await commands[command](Buffer.from(data, "base64"), ...rest);
  process.stdout.write(`${Buffer.from(answer).toString("base64")}\n`);
}
