// A small age command over age-encryption: reads standard input, writes standard output.
//   keygen hybrid|x25519        prints identity and recipient, a line each
//   encrypt [-a] RECIPIENT …    a recipient, or passphrase:…
//   decrypt IDENTITY            an identity, or passphrase:…
import { readFileSync, writeSync } from "node:fs";
import * as age from "age-encryption";

const [command, ...rest] = process.argv.slice(2);
const PASSPHRASE = "passphrase:";

function print(data) {
  for (let at = 0; at < data.length; ) at += writeSync(1, data, at);
}

if (command === "keygen") {
  const identity = await (rest[0] === "hybrid" ? age.generateHybridIdentity() : age.generateX25519Identity());
  print(Buffer.from(`${identity}\n${await age.identityToRecipient(identity)}\n`));
} else if (command === "encrypt") {
  const armored = rest[0] === "-a";
  const encrypter = new age.Encrypter();
  for (const recipient of armored ? rest.slice(1) : rest) {
    if (recipient.startsWith(PASSPHRASE)) {
      encrypter.setPassphrase(recipient.slice(PASSPHRASE.length));
      encrypter.setScryptWorkFactor(10);
    } else encrypter.addRecipient(recipient);
  }
  const sealed = await encrypter.encrypt(readFileSync(0));
  print(armored ? Buffer.from(age.armor.encode(sealed)) : sealed);
} else {
  const input = readFileSync(0);
  const decrypter = new age.Decrypter();
  const [identity] = rest;
  if (identity.startsWith(PASSPHRASE)) decrypter.addPassphrase(identity.slice(PASSPHRASE.length));
  else decrypter.addIdentity(identity);
  const armored = input.subarray(0, 5).toString() === "-----";
  print(await decrypter.decrypt(armored ? age.armor.decode(input.toString()) : input));
}
