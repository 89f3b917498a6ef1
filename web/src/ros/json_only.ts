/**
 * Stands in for roslib's decoders of BSON, CBOR and PNG and for its Node socket (see vite.config.ts):
 * the panel asks the bridge for plain JSON alone and only runs in browsers, so they would be dead
 * weight in the first load.
 */
function refuse(): never {
  throw new Error("The bridge sent a binary message, but the panel asks for JSON alone");
}

export { refuse as decode, refuse as deserialize, refuse as WebSocket };
