/** Graphs, the compiler and sessions: what every program has that runs a graph. */
import { Graph, Session } from 'tfjs-graph/core';

Object.assign(globalThis, { program: { Graph, Session } });
