# SPDX-License-Identifier: MIT
"""A WebSocket server: says each message back, "slow" after a second; "leave" ends the connection.

Prints its URL. Ends with SIGTERM.
"""
import asyncio

import websockets


async def talk(socket):
    async for message in socket:
        if message == "leave":
            return
        if message == "slow":
            await asyncio.sleep(1)
        await socket.send(message)


async def main():
    server = await websockets.serve(talk, "127.0.0.1", 0)
    print("listening on ws://127.0.0.1:%d/" % server.sockets[0].getsockname()[1], flush=True)
    await server.wait_closed()


asyncio.run(main())
