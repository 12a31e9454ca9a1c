mod access;
mod end;
mod kit;
mod lifetime;
mod refresh;
