/**
 * `tf.nn.rnnCell`: the cells of recurrent networks, and wrappers around them. It only names what is public.
 */

export {
  BasicRNNCell,
  type BasicRNNCellOptions,
  GRUCell,
  type GRUCellOptions,
} from './layers/rnn-cells/basic-cells.ts';
export {
  type CellLike,
  type CellOptions,
  type CellScope,
  type InitialStateOptions,
  RNNCell,
  type StepResult,
} from './layers/rnn-cells/cell.ts';
export {
  type DropoutStateFilter,
  DropoutWrapper,
  type DropoutWrapperOptions,
} from './layers/rnn-cells/dropout-wrapper.ts';
export {
  BasicLSTMCell,
  type BasicLSTMCellOptions,
  LSTMCell,
  type LSTMCellOptions,
} from './layers/rnn-cells/lstm-cells.ts';
export { LSTMStateTuple } from './layers/rnn-cells/lstm-state.ts';
export { MultiRNNCell, type MultiRNNCellOptions, type MultiState } from './layers/rnn-cells/multi-cell.ts';
export type { Size, SizeStructure, TensorStructure } from './layers/rnn-cells/structure.ts';
export {
  DeviceWrapper,
  type DeviceWrapperOptions,
  type ResidualFunction,
  ResidualWrapper,
  type ResidualWrapperOptions,
} from './layers/rnn-cells/wrappers.ts';
