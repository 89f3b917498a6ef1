import type { ITransportFactory, RosbridgeMessage } from "roslib";
import { AbstractTransport, isRosbridgeMessage } from "roslib";
import { parseLenient } from "./wire.ts";

/** A browser's WebSocket for roslib that also reads the JSON that rosbridge_server writes for NaN. */
class LenientTransport extends AbstractTransport {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
    socket.onopen = (event) => this.emit("open", event);
    socket.onclose = (event) => this.emit("close", event);
    socket.onerror = (event) => this.emit("error", event);
    socket.onmessage = (event) => {
      this.#receive(String(event.data));
    };
  }

  #receive(data: string): void {
    try {
      const message = parseLenient(data);
      if (isRosbridgeMessage(message)) this.handleRawMessage(message);
    } catch (problem) {
      this.emit("error", problem);
    }
  }

  send(message: RosbridgeMessage): void {
    this.#socket.send(JSON.stringify(message));
  }

  close(): void {
    this.#socket.close();
  }

  isConnecting(): boolean {
    return this.#socket.readyState === WebSocket.CONNECTING;
  }

  isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  isClosing(): boolean {
    return this.#socket.readyState === WebSocket.CLOSING;
  }

  isClosed(): boolean {
    return this.#socket.readyState === WebSocket.CLOSED;
  }
}

export const openSocket: ITransportFactory = (url) =>
  Promise.resolve(new LenientTransport(new WebSocket(url)));
