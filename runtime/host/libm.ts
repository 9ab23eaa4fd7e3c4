const TAB = `0x1.661ec79f8f3bep+0 -0x1.57bf7808caadep-2
0x1.571ed4aaf883dp+0 -0x1.2bef0a7c06ddbp-2
0x1.49539f0f010bp+0 -0x1.01eae7f513a67p-2
0x1.3c995b0b80385p+0 -0x1.b31d8a68224e9p-3
0x1.30d190c8864a5p+0 -0x1.6574f0ac07758p-3
0x1.25e227b0b8eap+0 -0x1.1aa2bc79c81p-3
0x1.1bb4a4a1a343fp+0 -0x1.a4e76ce8c0e5ep-4
0x1.12358f08ae5bap+0 -0x1.1973c5a611cccp-4
0x1.0953f419900a7p+0 -0x1.252f438e10c1ep-5
0x1p+0 0x0p+0
0x1.e608cfd9a47acp-1 0x1.aa5aa5df25984p-5
0x1.ca4b31f026aap-1 0x1.c5e53aa362eb4p-4
0x1.b2036576afce6p-1 0x1.526e57720db08p-3
0x1.9c2d163a1aa2dp-1 0x1.bc2860d22477p-3
0x1.886e6037841edp-1 0x1.1058bc8a07ee1p-2
0x1.767dcf5534862p-1 0x1.4043057b6ee09p-2`.split('\n').map(l=>l.split(' ').map(hex));
function hex(t:string){const m=/^(-?)0x(\d)\.?([0-9a-f]*)p([+-]\d+)$/.exec(t)!;let v=Number(m[2]);[...m[3]].forEach((c,i)=>{v+=parseInt(c,16)*16**-(i+1)});return (m[1]?-1:1)*v*2**Number(m[4]);}
const A=['-0x1.00ea348b88334p-2','0x1.5575b0be00b6ap-2','-0x1.ffffef20a4123p-2'].map(hex);
const f=new Float32Array(1), u=new Uint32Array(f.buffer);
export function logFloat32(x: number): number {
  f[0]=x; const ix=u[0]; if(ix===0x3f800000) return 0;
  const tmp=(ix-0x3f330000)|0; const i=(tmp>>>19)&15; const k=tmp>>23; u[0]=ix-(tmp&0xff800000); const z=f[0];
  const r=z*TAB[i][0]-1; const y0=TAB[i][1]+k*Math.LN2; const r2=r*r; let y=A[1]*r+A[2]; y=A[0]*r2+y; y=y*r2+(y0+r); return Math.fround(y);
}
export function sinCosFloat32(x: number, out: Float64Array): void { out[0] = Math.fround(Math.sin(x)); out[1] = Math.fround(Math.cos(x)); }
