"""`bgjobs mcp`, used by the official client of the Model Context Protocol.

`cargo xtask prove` installs the client, and runs this with the shell in `BGJOBS`.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.types import CallToolResult, TextContent

ROOT = Path(__file__).parents[2]
BGJOBS = ROOT / os.environ.get("BGJOBS", "target/release/bgjobs")


def as_agent(home: Path, talk: Callable[[ClientSession], Awaitable[None]]) -> None:
    """Starts a server, as the configuration of an agent says, and talks to it."""

    async def session() -> None:
        server = StdioServerParameters(
            command=str(BGJOBS), args=["mcp"], env={**os.environ, "XDG_STATE_HOME": str(home)}
        )
        async with stdio_client(server) as streams, ClientSession(*streams) as client:
            await client.initialize()
            await talk(client)

    asyncio.run(asyncio.wait_for(session(), 120))


def texts(result: CallToolResult) -> list[str]:
    return [content.text for content in result.content if isinstance(content, TextContent)]


def test_the_client_starts_a_job_follows_it_and_sees_how_it_ended(tmp_path: Path) -> None:
    gate = tmp_path / "gate"

    async def start_and_leave(client: ClientSession) -> None:
        tools = {tool.name for tool in (await client.list_tools()).tools}
        assert tools == {"start", "list", "wait", "tail", "result", "stop"}
        line = f"echo one; while [ ! -e {gate} ]; do sleep 0.01; done; echo two; exit 3"
        for _ in range(2):
            started = await client.call_tool("start", {"command": line, "key": "build"})
            assert texts(started)[0].startswith("k1 ")
        waited = await client.call_tool("wait", {"job": "k1", "seconds": 0})
        assert "running" in texts(waited)[0]

    async def come_back(client: ClientSession) -> None:
        text = ""
        while "one" not in text:
            text, *remarks = texts(await client.call_tool("tail", {"job": "k1", "cursor": "0"}))
        found = re.search(r"next cursor: (\S+);", remarks[0])
        assert found, remarks
        gate.touch()
        waited = texts(await client.call_tool("wait", {"job": "k1"}))
        assert "exit status 3" in waited[0]
        rest = texts(await client.call_tool("tail", {"job": "k1", "cursor": found[1]}))
        assert rest[0] == "two\n"
        assert "exit status 3" in texts(await client.call_tool("result", {"job": "k1"}))[0]

    as_agent(tmp_path, start_and_leave)
    # The first server has ended, and another finds the job.
    as_agent(tmp_path, come_back)


def test_what_the_client_asks_for_in_vain_is_an_error_that_it_sees(tmp_path: Path) -> None:
    async def ask_in_vain(client: ClientSession) -> None:
        result = await client.call_tool("wait", {"job": "k9"})
        assert texts(result) == ["there is no kept job k9: list shows all"]
        started = await client.call_tool("start", {"command": ["sleep", "1000"]})
        assert texts(started)[0].startswith("k1 ")
        stopped = await client.call_tool("stop", {"job": "k1"})
        assert "stopped: bgjobs mcp" in texts(stopped)[0]
        listed = await client.call_tool("list", {})
        assert "stopped: bgjobs mcp" in texts(listed)[0]

    as_agent(tmp_path, ask_in_vain)
